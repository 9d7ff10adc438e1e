package billing

import (
	"context"
	"log/slog"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Service is the use cases of reports and statements.
type Service struct {
	db         *db.DB
	box        *secret.Box
	files      blob.Store
	journal    *journal.Journal
	tenants    *tenant.Service
	catalog    *catalog.Service
	operations *operation.Service
	log        *slog.Logger
}

// Needs is what the room is made of.
type Needs struct {
	DB         *db.DB
	Box        *secret.Box // signs links
	Files      blob.Store  // keeps reports
	Journal    *journal.Journal
	Tenants    *tenant.Service
	Catalog    *catalog.Service
	Operations *operation.Service
	Log        *slog.Logger // nil: slog.Default
}

// NewService makes the room; Register adds its jobs to the queue.
func NewService(n Needs) *Service {
	if n.Log == nil {
		n.Log = slog.Default()
	}
	return &Service{db: n.DB, box: n.Box, files: n.Files, journal: n.Journal, tenants: n.Tenants, catalog: n.Catalog, operations: n.Operations, log: n.Log}
}

// whose says about whom a report or a list of reports is.
type whose struct {
	tenant    tenant.Tenant // in whose name
	partnerID string
	sub       tenant.Tenant // zero: the partner's direct customers, or with withSubs all
	withSubs  bool
}

var errSubPartner = errs.Missing("sub-partner")

// whose decides about the actor's wish. providerID "" is where the actor works. A sub-partner is always its own only; what a partner names
// as its sub-partner must be one, else it is NotFound (WS-68).
func (s *Service) whose(ctx context.Context, q db.Q, actor access.Actor, act access.Action, providerID, subPartnerID string, withSubs bool) (whose, error) {
	named := providerID != ""
	if !named {
		providerID = actor.Place().ID
	}
	t, target, err := s.tenants.Target(ctx, q, actor, providerID)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err != nil {
		return whose{}, err
	}
	w := whose{tenant: t, partnerID: t.ID, withSubs: withSubs}
	switch {
	case t.Kind == access.SubPartner:
		if subPartnerID != "" && subPartnerID != t.ID {
			return w, errSubPartner
		}
		w.partnerID, w.sub, w.withSubs = t.ParentID, t, false
		return w, nil
	case t.Kind != access.Partner && named:
		return w, errs.Missing("object")
	case t.Kind != access.Partner:
		return w, errs.BadField("partner_id", "required", "Say of which partner.")
	}
	if subPartnerID != "" {
		sub, err := s.tenants.Load(ctx, q, subPartnerID)
		if err != nil || sub.Kind != access.SubPartner || sub.ParentID != t.ID {
			return w, errSubPartner
		}
		w.sub, w.withSubs = sub, false
	}
	return w, nil
}
