package profile

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/tenant"
)

type dictionaries struct{}

func (s *Service) founded(context.Context, *db.Tx, access.Actor, tenant.Change) error { return nil }
