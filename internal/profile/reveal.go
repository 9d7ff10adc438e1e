package profile

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/journal"
)

// Reveal gives the secrets of a profile of the place's own in clear, by name. It is written into the operation log and needs a right of
// its own (decision 16); those of a provider's profile are the provider's.
func (s *Service) Reveal(ctx context.Context, actor access.Actor, at Place, id string) (map[string]string, error) {
	out := map[string]string{}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.SecretReveal, at)
		if err != nil {
			return err
		}
		p, err := s.get(ctx, tx, t.Scope, id)
		if err == nil && p.TenantID != t.ID {
			err = errProvider
		}
		if err != nil {
			return err
		}
		clear(out)
		for _, a := range p.Attributes {
			if a.Secret {
				out[a.Name] = a.Value
			}
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Action: "profile/reveal", Tenant: t.Access(), Quiet: true,
			Target: journal.Target{Kind: "profile", ID: p.ID, Name: p.Name}})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Reseal seals anew what was sealed with an older key than the newest, and gives how many profiles that were.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	var ids []string
	if err := s.db.Select(ctx, &ids, `SELECT id FROM profile_profiles WHERE sealed IS NOT NULL ORDER BY id`); err != nil {
		return 0, err
	}
	return s.db.OneByOne(ctx, ids, s.resealOne)
}

func (s *Service) resealOne(ctx context.Context, tx *db.Tx, id string) (bool, error) {
	if err := tx.LockRow(ctx, "profile_profiles", id); err != nil {
		return false, ignoreMissing(err) // deleted meanwhile
	}
	var blob []byte
	if err := tx.Get(ctx, &blob, `SELECT sealed FROM profile_profiles WHERE id = $1`, id); err != nil || !s.box.NeedsReseal(blob) {
		return false, err
	}
	plain, err := s.box.Open(blob, sealedAs(id))
	if err == nil {
		blob, err = s.box.Seal(plain, sealedAs(id))
	}
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE profile_profiles SET sealed = $2 WHERE id = $1`, id, blob)
	}
	return err == nil, err
}
