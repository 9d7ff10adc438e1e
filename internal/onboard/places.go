package onboard

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// Places is what onboarding needs of the room of users, locations and numbers. Subscribers gives the real one.
type Places interface {
	// CheckLocation tells what is wrong with a headquarters, by the rules of its creation; fields are named as in Headquarters.
	CheckLocation(h Headquarters) error
	// CheckNumbers tells what is wrong with numbers that are to be brought: their form, and whether somebody has them.
	CheckNumbers(ctx context.Context, q db.Q, country string, numbers []string) error
	// OpenLocation makes the headquarters and gives its id. A customer that has a location of this name keeps it.
	OpenLocation(ctx context.Context, actor access.Actor, customerID string, h Headquarters) (id string, err error)
	// AddNumbers gives the numbers to a location; one that cannot be brought is an error, and then none is.
	AddNumbers(ctx context.Context, actor access.Actor, customerID, locationID string, numbers []string) error
	// InUse counts who holds a package.
	InUse(ctx context.Context, q db.Q, customerID string) (int64, error)
	// DropAll takes all packages away from users and workspaces of the customer.
	DropAll(ctx context.Context, actor access.Actor, t tenant.Tenant) error
}

// Subscribers is Places over the real room.
func Subscribers(s *subscriber.Service) Places { return rooms{s} }

type rooms struct{ *subscriber.Service }

func patchOf(h Headquarters) subscriber.LocationPatch {
	main := true
	return subscriber.LocationPatch{Name: &h.Name, Address: &h.Address, TimeZone: &h.TimeZone, Language: &h.Language, EmergencyID: &h.EmergencyID, Headquarters: &main}
}

func (rooms) CheckLocation(h Headquarters) error { return subscriber.CheckLocation(patchOf(h)) }

// OpenLocation of the real room.
func (r rooms) OpenLocation(ctx context.Context, actor access.Actor, customerID string, h Headquarters) (string, error) {
	l, err := r.CreateLocation(ctx, actor, customerID, patchOf(h))
	return l.ID, err
}

// AddNumbers of the real room.
func (r rooms) AddNumbers(ctx context.Context, actor access.Actor, customerID, locationID string, numbers []string) error {
	n := subscriber.NewNumbers{LocationID: locationID}
	for _, text := range numbers {
		n.Ranges = append(n.Ranges, subscriber.NumberRange{First: text})
	}
	all, err := r.Service.AddNumbers(ctx, actor, customerID, n)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Err != nil {
			return errs.As(one.Err).With("number", one.Text)
		}
	}
	return nil
}
