package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/catalog"
	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/network"
	"linecard/internal/onboard"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/redirect"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
)

// fleetHistory gives the first customer what a year of work leaves behind: sites, groups with keys, profiles, changes that were planned,
// done and taken back, one that waits for a decision, a redirect, numbers, and strangers at the door. The second one is asked to let the partner
// sell it subscriptions.
func (s *seeder) fleetHistory(ctx context.Context, w *World, mara access.Actor) error {
	edda, err := s.Accounts.ActorOf(ctx, account.CustomerRealm, w.Customers[0].Email)
	if err != nil {
		return err
	}
	edda.IP = "203.0.113.100"
	c := w.Customers[0]
	for _, step := range []struct {
		daysAgo int
		what    string
		who     access.Actor
		do      func(context.Context, access.Actor, WorldCustomer) error
	}{{40, "sites", edda, s.sites}, {39, "groups", edda, s.groups}, {30, "profiles", edda, s.profiles}, {6, "plans", edda, s.changes}, {5, "redirect", edda, s.redirects},
		{4, "numbers", mara, s.numbers}, {1, "knocks", edda, s.strangers}} {
		s.on(step.daysAgo)
		if err := step.do(ctx, step.who, c); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	_, err = s.Onboard.Provision(ctx, mara, onboard.Request{ProvisioningID: w.Partner.ProvisioningID, OrgID: w.Customers[1].ID, Packages: []string{catalog.MeetingsPackage}, ExternalID: "KRS-1002",
		Address: onboard.Address{Line1: "1 Quay Street", City: "Bristol", PostalCode: "BS1 4DB", Country: "GB"}})
	if err != nil {
		return fmt.Errorf("attaching: %w", err)
	}
	return nil
}

// sites: the simulated phones ask from this machine, which is the head office; the others are where nobody has plugged one in yet.
func (s *seeder) sites(ctx context.Context, edda access.Actor, c WorldCustomer) error {
	for _, n := range []network.New{
		{Name: "Bristol Quay Street", Description: "Head office and laboratory", LocationName: "Bristol", Subnets: []network.Networks{{Public: "127.0.0.1/32"}}},
		{Name: "Leeds Park Row", Description: "New practice", LocationName: "Leeds", Subnets: []network.Networks{{Public: "203.0.113.64/28", Private: []string{"10.20.0.0/16"}}}},
		{Name: "Leeds warehouse", Description: "Behind the same address as Park Row", LocationName: "Leeds", Subnets: []network.Networks{{Public: "203.0.113.64/28", Private: []string{"10.30.4.0/24"}}}}} {
		if _, err := s.Networks.Create(ctx, edda, c.ID, n); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) groups(ctx context.Context, edda access.Actor, c WorldCustomer) error {
	l, err := s.Devices.List(ctx, edda, c.ID, device.Query{})
	if err != nil {
		return err
	}
	with := func(parts ...string) (ids []string) {
		for _, d := range l.Items {
			if slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(d.Name, p) }) {
				ids = append(ids, d.ID)
			}
		}
		return ids
	}
	desks, err := s.Devices.CreateGroup(ctx, edda, c.ID, device.NewGroup{Name: "Reception-desks", Description: "They answer for everybody", DeviceIDs: with("Reception", "Front-desk", "Lobby")})
	if err != nil {
		return err
	}
	keys := []phone.Key{{Page: 1, Position: 1, Type: phone.KeyLine}, {Page: 1, Position: 2, Type: phone.KeyBLF, Target: "200", Label: "Edda"}, {Page: 1, Position: 3, Type: phone.KeyBLF, Target: "201", Label: "Priya"},
		{Page: 1, Position: 4, Type: phone.KeySpeedDial, Target: "+441174960200", Label: "Laboratory"}}
	if _, _, err := s.Devices.SetKeyTemplate(ctx, edda, c.ID, desks.ID, keys, 0); err != nil {
		return err
	}
	_, err = s.Devices.CreateGroup(ctx, edda, c.ID, device.NewGroup{Name: "Meeting-rooms", DeviceIDs: with("Meeting")})
	return err
}

// demoProfile is the profile that changes are planned for.
const demoProfile = "Practice-standard"

func (s *seeder) profiles(ctx context.Context, edda access.Actor, c WorldCustomer) error {
	at := profile.AtCustomer(c.ID)
	p, _, err := s.Profiles.Create(ctx, edda, at, profile.New{Name: demoProfile, Mode: "poly", Description: "Time and codecs of all phones", Attributes: []profile.Attribute{
		{Name: "tcpIpApp.sntp.address", Value: "pool.ntp.org"}, {Name: "tcpIpApp.sntp.address.overrideDHCP", Value: "1"}, {Name: "voice.codecPref.G722", Value: "1"}, {Name: "voice.codecPref.G711_A", Value: "2"}}})
	if err != nil {
		return err
	}
	_, err = s.Profiles.SetContainer(ctx, edda, at, profile.Global, profile.Only, []string{p.ID}, 0)
	return err
}

// changes: one was made and stays, one was taken back, and one waits for somebody to look at it.
func (s *seeder) changes(ctx context.Context, edda access.Actor, c WorldCustomer) error {
	at := profile.AtCustomer(c.ID)
	l, err := s.Profiles.List(ctx, edda, at, profile.Query{Text: demoProfile})
	if err != nil {
		return err
	}
	if len(l.Items) != 1 {
		return fmt.Errorf("there are %d profiles with that name", len(l.Items))
	}
	change := func(name, value string) (config.Plan, error) {
		return s.plans.Make(ctx, edda, at, config.Asked{Kind: config.ProfileUpdate, ProfileID: l.Items[0].ID, Attributes: map[string]*string{name: &value}})
	}
	kept, err := change("feature.urlDialing.enabled", "0")
	if err != nil {
		return err
	}
	if _, err := s.plans.Apply(ctx, edda, at, kept.ID, config.Go{}); err != nil {
		return err
	}
	s.on(3)
	regretted, err := change("voice.codecPref.G722", "0")
	if err != nil {
		return err
	}
	if _, err := s.plans.Apply(ctx, edda, at, regretted.ID, config.Go{}); err != nil {
		return err
	}
	s.on(2)
	if _, err := s.plans.Undo(ctx, edda, at, regretted.ID, 0); err != nil {
		return err
	}
	_, err = change("tcpIpApp.sntp.address", "time.harbourdental.example")
	return err
}

func (s *seeder) redirects(ctx context.Context, edda access.Actor, c WorldCustomer) error {
	server, err := s.Redirect.CreateServer(ctx, edda, c.ID, redirect.NewServer{Name: "Linecard", URL: "https://phones.linecard.example/p/" + c.Host + "/", User: c.Provisioning.User,
		Password: secret.Hide(c.Provisioning.Password)})
	if err != nil {
		return err
	}
	for n, remark := range []string{"Spare, in the cupboard", "Ordered for Leeds"} {
		if _, err := s.Redirect.CreateEntry(ctx, edda, c.ID, redirect.NewEntry{MAC: fmt.Sprintf("001565d0%02x%02x", n+1, s.rand.IntN(256)), Maker: "yealink", ServerID: server.ID, Remark: remark}); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) numbers(ctx context.Context, mara access.Actor, c WorldCustomer) error {
	all, _, err := s.Subscriber.Locations(ctx, mara, c.ID, subscriber.LocationQuery{})
	if err != nil {
		return err
	}
	some, err := s.Subscriber.AddNumbers(ctx, mara, c.ID, subscriber.NewNumbers{LocationID: all[0].ID, Ranges: []subscriber.NumberRange{{First: "+441174960200", Last: "+441174960209"}}})
	for _, n := range some {
		if err == nil {
			err = n.Err
		}
	}
	return err
}

// strangers stood at the door yesterday: a phone that nobody has entered yet, and one with an old password.
func (s *seeder) strangers(ctx context.Context, _ access.Actor, c WorldCustomer) error {
	now := s.DB.Now()
	stranger, err := phone.ParseMAC("64167f0100f1")
	if err != nil {
		return err
	}
	known, err := phone.ParseMAC(c.MACs[0])
	if err != nil {
		return err
	}
	return s.Devices.Knocked(ctx, []device.Knock{
		{CustomerID: c.ID, MAC: stranger, Kind: device.UnknownMAC, Address: "203.0.113.71", Maker: "poly", Model: "EdgeE450", Software: "8.0.0.15602", Times: 3, First: now, Last: now},
		{CustomerID: c.ID, MAC: known, Kind: device.WrongPassword, Address: "203.0.113.71", Maker: "poly", Times: 2, First: now, Last: now}})
}
