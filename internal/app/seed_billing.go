package app

import (
	"context"
	"fmt"
	"time"

	"linecard/internal/access"
	"linecard/internal/billing"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/subscriber"
)

// at moves to an instant in the past.
func (s *seeder) at(t time.Time) { s.clock.set(db.System{}.Now().Sub(t)) }

// lastMonth is the first instant of the calendar month before this one, in UTC.
func lastMonth() time.Time {
	now := db.System{}.Now().UTC()
	return time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
}

// seedPeople are the subscribers of each customer: which package, from which day of last month (0: before it), until which (0: still).
var seedPeople = []struct {
	first, last, pack string
	from, until       int
}{
	{"Edda", "Wren", catalog.Suite, 0, 0}, {"Priya", "Nair", catalog.CallingPackage, 0, 0}, {"Owen", "Marsh", catalog.CallingPackage, 4, 0},
	{"Lena", "Voss", catalog.CallingPackage, 0, 17}, {"Marco", "Dietz", catalog.EnhancedCalling, 9, 0}, {"Ruth", "Kessler", catalog.MeetingsPackage, 12, 0},
}

// sales gives the partner its subscription and prices, the customers packages and people, as they came and went during last month, so
// that there is usage to bill.
func (s *seeder) sales(ctx context.Context, w *World, ada access.Actor, owners []access.Actor) error {
	month := lastMonth()
	s.at(month.AddDate(0, 0, -2))
	items := []string{catalog.CommonArea, catalog.EnhancedCalling, catalog.CallingPackage, catalog.Suite, catalog.MeetingsPackage, "attendant_console"}
	price := func(item string, ten int64) catalog.Price {
		return catalog.Price{Item: item, ValidFrom: "2020-01-01", Price: ten * 100}
	}
	if _, err := s.Catalog.Subscribe(ctx, ada, w.Partner.ID, catalog.NewSubscription{Currency: "GBP", Start: month.AddDate(0, 0, -2).Format(time.DateOnly), Items: items, Prices: []catalog.Price{
		price(catalog.CommonArea, 399), price(catalog.EnhancedCalling, 650), price(catalog.CallingPackage, 1000), price(catalog.Suite, 1800), price(catalog.MeetingsPackage, 700), price("attendant_console", 1250)}}); err != nil {
		return err
	}
	if _, err := s.Catalog.SetSubscriptionState(ctx, ada, w.Partner.ID, catalog.Sells, 0); err != nil {
		return err
	}
	if _, err := s.Catalog.SetRetail(ctx, owners[0], w.Partner.ID, "GBP", []catalog.RetailPrice{{Price: price(catalog.CallingPackage, 1500)}, {Price: price(catalog.Suite, 2600)}}, 0); err != nil {
		return err
	}
	for i, c := range w.Customers {
		if err := s.people(ctx, owners[i], c.ID, i, month); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return nil
}

// people gives a customer its packages, a location and the first few of seedPeople.
func (s *seeder) people(ctx context.Context, owner access.Actor, customerID string, i int, month time.Time) error {
	s.at(month.AddDate(0, 0, -1))
	want := []catalog.PackageLimit{{Code: catalog.Suite}, {Code: catalog.CallingPackage}, {Code: catalog.EnhancedCalling}, {Code: catalog.MeetingsPackage}, {Code: catalog.CommonArea}}
	if _, _, err := s.Catalog.ChangePackages(ctx, owner, customerID, want, 0); err != nil {
		return err
	}
	name, zone, language := "Head office", seedCustomers[i].zone, "en_GB"
	if _, err := s.Subscriber.CreateLocation(ctx, owner, customerID, subscriber.LocationPatch{Name: &name, TimeZone: &zone, Language: &language,
		Address: &subscriber.Address{Line1: "1 Quay Street", City: "Bristol", PostalCode: "BS1 4DB", Country: seedCustomers[i].country}}); err != nil {
		return err
	}
	for n, p := range seedPeople[:len(seedPeople)-i] {
		s.at(month.AddDate(0, 0, p.from-1).Add(9*time.Hour + time.Duration(17*n)*time.Minute))
		u, err := s.Subscriber.CreateUser(ctx, owner, customerID, subscriber.NewUser{Email: fmt.Sprintf("%s.%s.%d@people.example", p.first, p.last, i), FirstName: p.first, LastName: p.last,
			Package: p.pack, Extension: extension(p.pack, 200+n)})
		if err != nil {
			return err
		}
		if p.until > 0 {
			s.at(month.AddDate(0, 0, p.until-1).Add(15 * time.Hour))
			if err := s.Subscriber.DeleteUser(ctx, owner, customerID, u.ID, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// extension is none for a package without calling (WS-9).
func extension(pack string, n int) string {
	if pack == catalog.MeetingsPackage {
		return ""
	}
	return fmt.Sprint(n)
}

// bills makes a report over last month and issues its statement.
func (s *seeder) bills(ctx context.Context, w *World, ada, mara access.Actor) error {
	s.clock.set(0)
	month := lastMonth()
	for _, kind := range []string{billing.TypeCustomer, billing.TypeUser} {
		r, err := s.Billing.CreateReport(ctx, mara, billing.NewReport{Start: month.Format(time.DateOnly), End: month.AddDate(0, 1, -1).Format(time.DateOnly), Type: kind, WithSubs: true})
		if err != nil {
			return err
		}
		if err := s.Billing.MakeReport(ctx, r.ID); err != nil {
			return err
		}
	}
	i, err := s.Billing.DraftInvoice(ctx, ada, w.Partner.ID, month.Format("2006-01"))
	if err != nil {
		return err
	}
	_, err = s.Billing.IssueInvoice(ctx, ada, i.ID, 0)
	return err
}
