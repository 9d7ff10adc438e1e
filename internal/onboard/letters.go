package onboard

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

// Post puts letters into the outbox.
type Post interface {
	Mail(ctx context.Context, tx *db.Tx, l deliver.Letter) (id string, err error)
}

// changed tells organisations by mail what others decided about them, in the transaction of the change: a customer that it is
// restricted (WS-155) or asked for authorisation (CH-29), a provider that it was authorised (CH-31).
func (s *Service) changed(ctx context.Context, tx *db.Tx, actor access.Actor, c tenant.Change) error {
	t := c.After
	l := deliver.Letter{To: t.Email, Locale: t.Locale, TenantID: t.ID}
	switch c.What {
	case tenant.Restricted:
		l.Template = deliver.RestrictedMode
		l.Values = map[string]string{"name": contactOf(t), "organisation": t.Name, "provider": t.ParentName}
	case tenant.Asked:
		l.Template = deliver.AuthorisationRequested
		l.Values = map[string]string{"name": contactOf(t), "organisation": t.Name, "partner": c.Relation.ManagerName, "person": actorName(actor),
			"link": s.link(account.CustomerRealm, "/customer")}
	case tenant.Authorised:
		m, err := s.tenants.Load(ctx, tx, c.Relation.ManagerID)
		if err != nil {
			return err
		}
		l = deliver.Letter{To: m.Email, Locale: m.Locale, TenantID: m.ID, Template: deliver.AuthorisationGranted, Values: map[string]string{
			"name": contactOf(m), "organisation": t.Name, "partner": m.Name, "link": s.link(account.PartnerRealm, "/partner")}}
	default:
		return nil
	}
	_, err := s.post.Mail(ctx, tx, l)
	if err != nil && errs.KindOf(err) == errs.Invalid {
		return nil // an address that no mail can reach must not keep the change from being made
	}
	return err
}

func actorName(a access.Actor) string {
	if a.Name == "" {
		return a.Email
	}
	return a.Name
}
