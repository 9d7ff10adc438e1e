package onboard

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Consent is what an administrator of an attached organisation says (WS-115); it lets the run go on or ends it. Nobody else can.
func (s *Service) Consent(ctx context.Context, actor access.Actor, id string, agree bool) (Customer, error) {
	var out Customer
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, c, err := s.changing(ctx, tx, actor, access.CustomerAuthorise, id, "", 0)
		if err != nil {
			return err
		}
		if actor.Kind != access.System && actor.Tenant.ID != id {
			return errOnlyCustomer
		}
		st, err := current(ctx, tx, c)
		if err != nil {
			return err
		}
		if st == nil || st.Name != stepConsent || c.Consent != "requested" {
			return errNoConsent
		}
		c.Consent = map[bool]string{true: "approved", false: "denied"}[agree]
		if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET consent = $2 WHERE id = $1`, id, c.Consent); err != nil {
			return err
		}
		if err := s.complianceNews(ctx, tx, actor, c, "offer_consent", "customer/consent", map[string]any{"agreed": agree}); err != nil {
			return err
		}
		if agree {
			if err := s.note(ctx, tx, c, *st, StepDone, nil, nil); err != nil {
				return err
			}
			if err := enqueue(ctx, tx, c); err != nil {
				return err
			}
		} else {
			if err := s.failStep(ctx, tx, c, *st, errConsent); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE onboard_packages SET status = 'error', code = $2, message = $3 WHERE customer_id = $1`, id, errConsent.Code, errConsent.Message); err != nil {
				return err
			}
			if err := s.finish(ctx, tx, c); err != nil {
				return err
			}
		}
		out, err = s.filled(ctx, tx, id)
		return err
	})
	return neutral(out), err
}

var (
	errNoConsent    = errs.New(errs.Conflict, "nothing_to_decide", "This customer does not wait for a decision.")
	errOnlyCustomer = errs.New(errs.Forbidden, "only_customer_authorises", "Only an administrator of the customer itself can decide this.")
)
