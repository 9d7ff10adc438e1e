// Package usage owns the ledger of what is held: who or what held which item from when to when, in whole seconds (WS-55 … WS-57,
// decision 6). Whoever assigns something writes the ledger in the same transaction, so the two can never differ.
//
// It must not know what an item costs nor what a report looks like (room billing), nor who may assign what. It decides nothing
// about rights: callers have decided.
package usage

import (
	"linecard/internal/errs"
)

// Kind says what holds an item.
type Kind string

// The kinds of holder.
const (
	User      Kind = "user"
	Workspace Kind = "workspace"
	Number    Kind = "number"
	Device    Kind = "device" // rental
	Location  Kind = "location"
	Customer  Kind = "customer"
)

// Rule says how a quantity is made of the time for which an item was held.
type Rule string

// The rules. A billing month begins on the billing day of the subscription; a period that is asked for is cut into them.
const (
	Prorated   Rule = "prorated"     // units times the share of each UTC day (WS-57); the quantity counts unit-days
	CountOnDay Rule = "count_on_day" // units held when a billing day begins that lies in the period or ends it
	Peak       Rule = "peak"         // most units that a customer held at once in a billing month
	FullMonth  Rule = "full_month"   // each billing month in which the holder had it at all counts once
	Once       Rule = "once"         // a one-off charge: its units, at its instant
)

// Span is a stretch of time in which a holder has an item.
type Span struct {
	ID             string `db:"id"`
	CustomerID     string `db:"customer_id"`
	Scope          string `db:"scope"`           // of the customer
	PartnerID      string `db:"partner_id"`      // who is charged, as of then (WS-79)
	SubPartnerID   string `db:"sub_partner_id"`  // "" for a direct customer of the partner
	SubscriptionID string `db:"subscription_id"` // as of then
	Item           string `db:"item"`            // code of the catalogue
	SKU            string `db:"sku"`
	Holder         Kind   `db:"holder_kind"`
	HolderID       string `db:"holder_id"`
	ExternalID     string `db:"external_id"` // what the provider's own systems call the holder; may be ""
	Units          int64  `db:"units"`       // 0 is taken as 1; negative only in corrections
	Rule           Rule   `db:"rule"`        // "" is taken as Prorated
	Note           string `db:"note"`        // of a one-off charge or a correction, for people

	Start    int64  `db:"started"`  // unix seconds
	End      int64  `db:"ended"`    // unix seconds, Forever while it lasts; never below Start
	Corrects string `db:"corrects"` // id of the span that this one puts right; "" for others
}

// Forever is the end of a span that is still open.
const Forever int64 = 1<<62 - 1

var (
	errOpen     = errs.New(errs.Conflict, "already_metered", "This is assigned already.")
	errSpan     = errs.New(errs.Internal, "usage_span_incomplete", "Something went wrong on our side.")
	errCorrect  = errs.New(errs.Conflict, "correction_outside", "A correction must lie within the time that it corrects.")
	errUnsettle = errs.New(errs.Unavailable, "usage_not_settled", "The usage of this period is not complete yet. Please try again in a few minutes.")
)

func (s *Span) check() error {
	if s.Units == 0 {
		s.Units = 1
	}
	if s.Rule == "" {
		s.Rule = Prorated
	}
	for _, must := range []string{s.CustomerID, s.Scope, s.PartnerID, s.Item, s.SKU, string(s.Holder), s.HolderID} {
		if must == "" {
			return errSpan
		}
	}
	if s.Units < 0 && s.Corrects == "" {
		return errSpan
	}
	return nil
}
