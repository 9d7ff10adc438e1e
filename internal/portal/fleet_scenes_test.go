package portal_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/network"
	"linecard/internal/portal/portaltest"
)

// housed remembers the sites of each world.
var housed sync.Map // *portaltest.World → network.Site

// house gives the customer sites and lets its phones tell something, so that dashboards have numbers.
func house(t *testing.T, w *portaltest.World) network.Site {
	t.Helper()
	if x, ok := housed.Load(w); ok {
		return x.(network.Site)
	}
	x := tradeOf(t, w)
	priya, here := w.Actor(w.Customer), w.Customer.Tenant.ID
	site := must[network.Site](t)(w.Networks.Create(t.Context(), priya, here, network.New{Name: "Harbour Street", Description: "Main practice", LocationName: "Whitby",
		Subnets: []network.Networks{{Public: "203.0.113.0/28", Private: []string{"10.20.0.0/16", "10.21.0.0/16"}}, {Public: "2001:db8:20::/48"}}}))
	must[network.Site](t)(w.Networks.Create(t.Context(), priya, here, network.New{Name: "Pier Road", Subnets: []network.Networks{{Public: "198.51.100.7/32"}}}))
	all := must[device.Listing](t)(w.Devices.List(t.Context(), priya, here, device.Query{}))
	now := w.DB.Now().Time
	for i, d := range all.Items {
		saw := device.Sighting{DeviceID: d.ID, At: now.Add(-2 * time.Minute), IP: "203.0.113.5", PrivateIP: "10.20.3.4", Model: "VVX450", Version: "6.4.6.2494", Result: device.Provisioned}
		switch {
		case d.ID == x.device.ID:
		case i%2 == 0:
			saw.At, saw.Version, saw.IP, saw.PrivateIP = now.Add(-40*24*time.Hour), "6.3.1.8427", "198.51.100.7", ""
		default:
			saw.Result = device.NotProvisioned
		}
		if err := w.Devices.Saw(t.Context(), []device.Sighting{saw}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Devices.Recount(t.Context(), func(context.Context, *db.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	housed.Store(w, site)
	return site
}

func inHouse(path func(x *trade, site network.Site) string) func(*stage) string {
	return func(s *stage) string { return path(s.trade(), house(s.t, s.World)) }
}

func init() {
	scenes = append(scenes, []scene{
		{name: "dashboard-customer", as: "customer", path: inHouse(func(*trade, network.Site) string { return "/" })},
		{name: "dashboard-partner", as: "partner", path: inHouse(func(*trade, network.Site) string { return "/" })},
		{name: "dashboard-operator", as: "operator", path: inHouse(func(*trade, network.Site) string { return "/" })},
		{name: "fleet", as: "operator", path: inHouse(func(*trade, network.Site) string { return "/fleet?by=model&is=VVX450" })},
		{name: "operations", as: "customer", path: on(func(*trade) string { return "/operations" })},
		{name: "certificates", as: "operator", path: at("/certificates")},
		{name: "sites", as: "customer", path: inHouse(func(*trade, network.Site) string { return "/sites" })},
		{name: "site", as: "customer", path: inHouse(func(_ *trade, s network.Site) string { return "/sites/" + s.ID })},
		{name: "site-add", as: "customer", path: inHouse(func(*trade, network.Site) string { return "/sites/new" })},
		{name: "site-faults", as: "customer", path: inHouse(func(_ *trade, s network.Site) string { return "/sites/" + s.ID + "/edit" }), then: func(s *stage) {
			s.Fill("#f-subnets", "203.0.113.0/28: 10.20.0.0/16\nnot a subnet")
			submit(s)
		}},
		{name: "site-plan", as: "customer", path: inHouse(func(_ *trade, s network.Site) string { return "/sites/" + s.ID + "/edit" }), then: func(s *stage) {
			s.Fill("#f-subnets", "203.0.113.64/28")
			submit(s)
		}},
		{name: "site-delete", as: "customer", path: inHouse(func(_ *trade, s network.Site) string { return "/sites/" + s.ID + "/delete" })},
		{name: "site-import", as: "customer", path: inHouse(func(*trade, network.Site) string { return "/sites/import" })},
		{name: "device-site", as: "customer", path: inHouse(func(x *trade, _ network.Site) string { return "/devices/" + x.device.ID + "/site" })},
		{name: "device-history", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/history" })},
		{name: "device-sync", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/sync" })},
	}...)
}
