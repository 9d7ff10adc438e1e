package onboard

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
)

// do makes one step happen, in the transaction that marks it as done.
func (s *Service) do(ctx context.Context, tx *db.Tx, w *working, ready prepared) (StepState, map[string]string, error) {
	switch w.step.Name {
	case stepConsent:
		return s.doConsent(ctx, tx, w)
	case stepScreening:
		return s.doScreening(ctx, tx, w, ready)
	case stepRelations:
		return s.doRelations(ctx, w)
	case stepRelease:
		if !ready.release && s.places != nil {
			return "", nil, errMoved
		}
		return StepDone, nil, nil
	case stepPackage, stepRemove:
		return s.doPackage(ctx, tx, w)
	case stepLocation:
		return s.doLocation(ctx, w)
	case stepNumbers:
		return s.doNumbers(ctx, tx, w)
	case stepSite:
		return s.doSite(ctx, tx, w)
	case stepAdmin:
		return s.doAdmin(ctx, tx, w)
	case stepEnd:
		_, err := s.tenants.EndOffer(ctx, house, w.ID)
		return StepDone, nil, err
	}
	return StepSkipped, nil, nil // of a version that knew more
}

// doConsent asks the organisation, and then waits (WS-115).
func (s *Service) doConsent(ctx context.Context, tx *db.Tx, w *working) (StepState, map[string]string, error) {
	switch w.Consent {
	case "approved":
		return StepDone, nil, nil
	case "denied":
		return "", nil, errConsent
	}
	if s.post != nil && s.link != nil {
		owner, err := s.tenants.Load(ctx, tx, w.OwnerID)
		if err != nil {
			return "", nil, err
		}
		_, err = s.post.Mail(ctx, tx, deliver.Letter{To: w.t.Email, Locale: w.t.Locale, TenantID: w.t.ID, Template: deliver.AuthorisationRequested,
			Values: map[string]string{"name": contactOf(w.t), "organisation": w.t.Name, "partner": owner.Name, "person": owner.Name, "link": s.link(account.CustomerRealm, "/customer")}})
		if err != nil && errs.KindOf(err) != errs.Invalid {
			return "", nil, err
		}
	}
	return StepWaiting, nil, nil
}

// doRelations gives the owner and the partner above it the right to manage the customer (WS-81).
func (s *Service) doRelations(ctx context.Context, w *working) (StepState, map[string]string, error) {
	_, err := s.tenants.BeginOffer(ctx, house, w.ID)
	return StepDone, nil, err
}

// doPackage gives the customer one package, or takes one away.
func (s *Service) doPackage(ctx context.Context, tx *db.Tx, w *working) (StepState, map[string]string, error) {
	have, err := s.catalog.CustomerPackages(ctx, tx, w.ID)
	if err != nil {
		return "", nil, err
	}
	want := slices.DeleteFunc(have, func(p catalog.PackageLimit) bool { return p.Code == w.step.Subject })
	if w.step.Name == stepPackage {
		for _, p := range w.Want.V.Packages {
			if p.Code == w.step.Subject {
				want = append(want, p)
			}
		}
	}
	if err := s.catalog.SetCustomerPackages(ctx, tx, house, w.t, want); err != nil {
		return "", nil, err
	}
	if w.step.Name == stepRemove {
		_, err := tx.Exec(ctx, `DELETE FROM onboard_packages WHERE customer_id = $1 AND item_id = $2`, w.ID, w.step.Subject)
		return StepDone, nil, err
	}
	return StepDone, nil, setPackage(ctx, tx, w.ID, w.step.Subject, PackageProvisioned, nil)
}

// doLocation makes the headquarters (WS-106).
func (s *Service) doLocation(ctx context.Context, w *working) (StepState, map[string]string, error) {
	if s.places == nil {
		return StepSkipped, nil, nil
	}
	id, err := s.places.OpenLocation(ctx, house, w.ID, *w.Want.V.Location)
	return StepDone, map[string]string{"location_id": id}, err
}

// doNumbers brings the numbers of the headquarters (WS-110).
func (s *Service) doNumbers(ctx context.Context, tx *db.Tx, w *working) (StepState, map[string]string, error) {
	if s.places == nil {
		return StepSkipped, nil, nil
	}
	var made Step
	err := tx.Get(ctx, &made, stepColumns+` WHERE customer_id = $1 AND step = $2 AND state = 'done' ORDER BY run DESC LIMIT 1`, w.ID, stepLocation)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return "", nil, errNoPlace
	}
	if err != nil {
		return "", nil, err
	}
	return StepDone, nil, s.places.AddNumbers(ctx, house, w.ID, made.Detail.V["location_id"], w.Want.V.Numbers)
}

var errNoPlace = errs.New(errs.Conflict, "location_missing", "The numbers belong to the headquarters, which could not be made.")

// doSite makes the meeting site of a customer that has a package with meetings, and removes that of one that has none any more (WS-49,
// WS-52).
func (s *Service) doSite(ctx context.Context, tx *db.Tx, w *working) (StepState, map[string]string, error) {
	have, err := s.catalog.CustomerPackages(ctx, tx, w.ID)
	if err != nil {
		return "", nil, err
	}
	meets := false
	for _, p := range have {
		i, err := s.catalog.Code(ctx, tx, p.Code)
		if err != nil {
			return "", nil, err
		}
		meets = meets || i.Kind == catalog.Base && i.Meetings == catalog.FullMeetings
	}
	if !meets {
		n, err := tx.Exec(ctx, `DELETE FROM onboard_meeting_sites WHERE id = $1`, w.ID)
		if n == 0 {
			return StepSkipped, nil, err
		}
		return StepDone, nil, err
	}
	m := MeetingSite{Locale: w.Want.V.Locales.Site, TimeZone: w.Want.V.MeetingZone, Warnings: db.AsJSON([]string{})}
	if m.Locale == "" {
		m.Locale = catalog.English
	}
	if m.TimeZone == "" && w.Want.V.Location != nil {
		m.TimeZone = w.Want.V.Location.TimeZone
	}
	if m.TimeZone == "" {
		m.TimeZone = "UTC"
	}
	if m.Locale != w.Want.V.Locales.Organisation || w.Want.V.Locales.Warning != "" {
		m.Warnings.V = append(m.Warnings.V, catalog.LocaleFallback)
	}
	if id := w.Settings.V.CarrierID; id != "" {
		k, err := carrier(ctx, tx, id)
		if err != nil {
			return "", nil, err
		}
		number, warning := catalog.DialIn(w.Address.V.Country, k.Region, k.Numbers.V)
		if m.DialIn = number; warning != "" {
			m.Warnings.V = append(m.Warnings.V, warning)
		}
	}
	n, err := tx.Exec(ctx, `INSERT INTO onboard_meeting_sites (id, locale, time_zone, dial_in, warnings, created) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
		w.ID, m.Locale, m.TimeZone, m.DialIn, m.Warnings, tx.Now())
	if err == nil && n == 0 {
		return StepSkipped, nil, nil
	}
	return StepDone, map[string]string{"locale": m.Locale, "dial_in": m.DialIn}, err
}

// doAdmin invites the first administrator (WS-114), unless the organisation has one, or nobody shall be written to (WS-101).
func (s *Service) doAdmin(ctx context.Context, tx *db.Tx, w *working) (StepState, map[string]string, error) {
	has, err := s.accounts.HasAdministrator(ctx, tx, w.ID)
	if err != nil || has || w.Want.V.NoInvite {
		return StepSkipped, nil, err
	}
	a, err := s.accounts.Invite(ctx, house, account.Invitation{Of: &w.t, TenantID: w.ID, Email: w.t.Email, Name: contactOf(w.t), Phone: w.t.Phone, Locale: w.t.Locale,
		TimeZone: w.t.TimeZone, Roles: first[access.Customer], First: true})
	return StepDone, map[string]string{"account_id": a.ID}, err
}
