// Package configtest gives tests what phones get, made of the world of devicetest. Nothing but tests may import it.
package configtest

import (
	"testing"

	"linecard/internal/config"
	"linecard/internal/device/devicetest"
)

// New makes the room on the services of a world.
func New(tb testing.TB, w *devicetest.World, o config.Options) *config.Service {
	tb.Helper()
	s, err := config.New(config.Needs{DB: w.DB, Devices: w.Devices, Profiles: w.Profiles, Networks: w.Networks, Software: w.Software, Makers: w.Makers, Box: w.Box,
		Address: func(host string) string { return "https://phones.example/p/" + host }}, o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Plans makes the use cases of plans on the same services.
func Plans(w *devicetest.World, s *config.Service) *config.Plans {
	return config.NewPlans(config.PlansNeeds{Config: s, Journal: w.Journal, Tenants: w.Tenants, Operations: w.Operations})
}
