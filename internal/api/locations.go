package api

import (
	"context"
	"time"

	"linecard/internal/subscriber"
)

// Address is a postal and calling address.
type Address struct {
	Line1      string `json:"line1" maxLength:"50"`
	Line2      string `json:"line2" required:"false" maxLength:"50"`
	City       string `json:"city" maxLength:"50"`
	State      string `json:"state" required:"false" maxLength:"50" doc:"Where addresses of the country have one"`
	PostalCode string `json:"postal_code" required:"false" maxLength:"16"`
	Country    string `json:"country" maxLength:"2" example:"DE"`
}

// Location is a postal and calling place of a customer.
type Location struct {
	ID           string    `json:"id"`
	CustomerID   string    `json:"customer_id"`
	Name         string    `json:"name"`
	Headquarters bool      `json:"headquarters" doc:"One location of a customer is"`
	Address      Address   `json:"address"`
	TimeZone     string    `json:"time_zone" example:"Europe/Berlin"`
	Language     string    `json:"language" doc:"Of mails and announcements"`
	EmergencyID  string    `json:"emergency_id" doc:"Emergency location identifier"`
	PSTN         string    `json:"pstn" doc:"How it reaches the public network"`
	ExternalID   string    `json:"external_id"`
	Created      time.Time `json:"created"`
	Updated      time.Time `json:"updated"`
}

func locationOf(l subscriber.Location) Location {
	return Location{ID: l.ID, CustomerID: l.CustomerID, Name: l.Name, Headquarters: l.Headquarters, Address: Address(l.Address.V), TimeZone: l.TimeZone, Language: l.Language,
		EmergencyID: l.EmergencyID, PSTN: l.PSTN, ExternalID: l.ExternalID, Created: l.Created.Time, Updated: l.Updated.Time}
}

// LocationRef names the location in a path.
type LocationRef struct {
	CustomerRef
	Location string `path:"location" doc:"Id of the location"`
}

// LocationChanges are the fields of a location; absent ones stay as they are. A new one needs name, address, time zone and language.
type LocationChanges struct {
	Name         *string  `json:"name,omitempty" maxLength:"128"`
	Headquarters *bool    `json:"headquarters,omitempty" doc:"true only: another one loses it"`
	Address      *Address `json:"address,omitempty"`
	TimeZone     *string  `json:"time_zone,omitempty" maxLength:"64"`
	Language     *string  `json:"language,omitempty" maxLength:"35"`
	EmergencyID  *string  `json:"emergency_id,omitempty" maxLength:"64"`
	PSTN         *string  `json:"pstn,omitempty" maxLength:"128"`
	ExternalID   *string  `json:"external_id,omitempty" maxLength:"128"`
}

func (b LocationChanges) patch(version int64) subscriber.LocationPatch {
	p := subscriber.LocationPatch{Name: b.Name, Headquarters: b.Headquarters, TimeZone: b.TimeZone, Language: b.Language, EmergencyID: b.EmergencyID, PSTN: b.PSTN,
		ExternalID: b.ExternalID, IfVersion: version}
	if b.Address != nil {
		a := subscriber.Address(*b.Address)
		p.Address = &a
	}
	return p
}

type listLocationsIn struct {
	CustomerRef
	Paged
	Q          string `query:"q" maxLength:"200" doc:"Part of the name"`
	ExternalID string `query:"external_id" maxLength:"128" doc:"Exactly this one"`
	Sort       string `query:"sort" enum:"name,-name,created,-created"`
}

func (a *API) listLocations(ctx context.Context, c *call, in *listLocationsIn) (List[Location], error) {
	all, next, err := a.d.Subscriber.Locations(ctx, c.actor, in.Customer, subscriber.LocationQuery{Text: in.Q, ExternalID: in.ExternalID, Page: in.page(in.Sort)})
	return listOf(all, next, locationOf), err
}

type createLocationIn struct {
	CustomerRef
	Body LocationChanges
}

func (a *API) createLocation(ctx context.Context, c *call, in *createLocationIn) (Location, error) {
	l, err := a.d.Subscriber.CreateLocation(ctx, c.actor, in.Customer, in.Body.patch(0))
	if err == nil {
		c.created("/customers/"+in.Customer+"/locations/"+l.ID, l.Version)
	}
	return locationOf(l), err
}

func (a *API) getLocation(ctx context.Context, c *call, in *LocationRef) (Location, error) {
	l, err := a.d.Subscriber.Location(ctx, c.actor, in.Customer, in.Location)
	c.tagged(l.Version)
	return locationOf(l), err
}

type editLocationIn struct {
	LocationRef
	Body LocationChanges
}

func (a *API) editLocation(ctx context.Context, c *call, in *editLocationIn) (Location, error) {
	l, err := a.d.Subscriber.EditLocation(ctx, c.actor, in.Customer, in.Location, in.Body.patch(c.ifVersion()))
	c.tagged(l.Version)
	return locationOf(l), err
}

func (a *API) deleteLocation(ctx context.Context, c *call, in *LocationRef) (none, error) {
	return none{}, a.d.Subscriber.DeleteLocation(ctx, c.actor, in.Customer, in.Location, c.ifVersion())
}
