package profile

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Program is what a generated profile selects: the software image and how it is called.
type Program struct {
	ImageID     string
	Mode        string
	Name        string // "UC-Software-6.4.7": letters, digits, # . - _ ( ) [ ] and single spaces; others become "-"
	Label       string // name and version as people know them
	Description string
}

// SetSoftware makes or renews the profile of a software image (DM-136), in the caller's transaction and by its decision: room firmware
// calls it when an image becomes available. It is in all tenants, and selects the image and nothing else.
func (s *Service) SetSoftware(ctx context.Context, tx *db.Tx, actor access.Actor, in Program) (Profile, error) {
	t, err := s.tenants.Operator(ctx, tx)
	if err != nil {
		return Profile{}, err
	}
	if err := lockNames(ctx, tx); err != nil {
		return Profile{}, err
	}
	p, err := s.software(ctx, tx, in.ImageID)
	what, verb := "edited", "edit"
	if err != nil && errs.KindOf(err) == errs.NotFound {
		what, verb, err = "created", "create", nil
		p = Profile{ID: db.NewID(), Type: Software, ImageID: in.ImageID, Created: tx.Now()}
	}
	if err != nil {
		return p, err
	}
	p.TenantID, p.TenantKind, p.Scope, p.Mode, p.Description, p.ImageLabel = t.ID, t.Kind, t.Scope, in.Mode, in.Description, in.Label
	p.Name, p.Updated, p.Version = softwareName(in.Name), tx.Now(), p.Version+1
	if err := s.nameIt(ctx, tx, &p); err != nil {
		return p, err
	}
	r, err := s.rowOf(p, "")
	if err == nil {
		err = replace(ctx, tx, r)
	}
	if err == nil {
		err = bump(ctx, tx, t.Kind, t.ID)
	}
	if err == nil {
		err = s.journal.Append(ctx, tx, actor, news(p, what, verb, map[string]any{"software_image_id": p.ImageID}))
	}
	return p, err
}

// DropSoftware takes away the profile and the dictionary of an image that is gone, with the associations of the profile. Profiles of
// people that select the image stay and say that it is missing (DM-156).
func (s *Service) DropSoftware(ctx context.Context, tx *db.Tx, actor access.Actor, imageID string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM profile_dictionaries WHERE family = $1`, imageFamily+imageID); err != nil {
		return err
	}
	p, err := s.software(ctx, tx, imageID)
	if err != nil {
		return ignoreMissing(err)
	}
	return s.remove(ctx, tx, actor, p, "withdrawn", "withdraw")
}

func (s *Service) software(ctx context.Context, q db.Q, imageID string) (Profile, error) {
	var r row
	if err := q.Get(ctx, &r, selected+` WHERE p.image_id = $1 AND p.image_id <> '' AND p.type = 'software'`, imageID); err != nil {
		return Profile{}, err
	}
	return s.profileOf(r)
}

func ignoreMissing(err error) error {
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	return err
}

// softwareName makes a name of a profile out of what a file is called.
func softwareName(s string) string {
	b := []byte(clip(s, 100))
	for i, c := range b {
		if !nameRule.Match([]byte{c}) && (c != ' ' || i == 0 || i == len(b)-1 || b[i-1] == ' ') {
			b[i] = '-'
		}
	}
	if len(b) == 0 {
		return "software"
	}
	return string(b)
}
