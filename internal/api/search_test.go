package api_test

import (
	"slices"
	"testing"

	"linecard/internal/access"
	"linecard/internal/device"
	"linecard/internal/subscriber"
)

// Surfaces: one search over all that the actor may see.
func TestOneSearchFindsPhonesPeoplePlacesAndNumbers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		_, err := w.d.Devices.Create(ctx, system, w.c.ID, device.New{MAC: "0004f2000001", Name: "Zebra-1"})
		w.ok(err)
		name, zone := "Zebra House", "Europe/Berlin"
		language := "de-DE"
		l, err := w.d.Subscriber.CreateLocation(ctx, system, w.c.ID, subscriber.LocationPatch{Name: &name, TimeZone: &zone, Language: &language,
			Address: &subscriber.Address{Line1: "Zoo 1", City: "Berlin", PostalCode: "10117", Country: "DE"}})
		w.ok(err)
		_, err = w.d.Subscriber.AddNumbers(ctx, system, w.c.ID, subscriber.NewNumbers{LocationID: l.ID, Ranges: []subscriber.NumberRange{{First: "+4930777770", Last: "+4930777771"}}})
		w.ok(err)
		for _, c := range []struct {
			token, q string
			types    []string
			more     bool
		}{
			{w.root(), "zebra", []string{"device", "location"}, false},
			{w.root(), "%2B4930777", []string{"number", "number"}, false},
			{w.root(), "%2B4930777&limit=1", []string{"number"}, true},
			{w.as(w.p, access.PartnerWholesaleAdmin), "zebra", []string{"location"}, false},
			{w.as(w.q, access.PartnerFullAdmin), "zebra", []string{}, false},
		} {
			var got struct {
				Items []struct {
					Type, ID, Name string
					Device         *struct{ ID string }
				}
				More bool
			}
			w.get(c.token, "/search?q="+c.q).status(200).into(&got)
			types := []string{}
			for _, i := range got.Items {
				types = append(types, i.Type)
				if i.ID == "" || i.Name == "" || (i.Device != nil) != (i.Type == "device") {
					t.Errorf("%+v", i)
				}
			}
			if !slices.Equal(types, c.types) || got.More != c.more {
				t.Errorf("%s: %v, more %v, want %v", c.q, types, got.More, c.types)
			}
		}
	})
}
