package device

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/phone"
	"linecard/internal/profile"
)

// Connect tells the rooms below this one, which do not know each other, what they need of each other: profiles hear what their
// containers belong to, which files they can link to and which software there is, and have a profile for each image (DM-171); their
// containers are emptied when a device, a site or a group goes. It is called while the program is wired.
func Connect(s *Service, p *profile.Service, f *firmware.Service) {
	s.imported = p
	p.Connect(profile.Around{Holders: holders{s}, Files: holders{s}, Images: images{f}})
	s.OnForget(func(ctx context.Context, tx *db.Tx, customerID, kind, key string) error {
		return p.Forget(ctx, tx, customerID, profile.Kind(kind), key)
	})
	s.OnFileUse(linkedBy(p))
	by := access.SystemActor("software")
	f.OnImage(func(ctx context.Context, tx *db.Tx, i firmware.Image, gone bool) error {
		if gone {
			return p.DropSoftware(ctx, tx, by, i.ID)
		}
		_, err := p.SetSoftware(ctx, tx, by, profile.Program{ImageID: i.ID, Mode: profile.ModeOf(i.Maker), Name: i.Label(), Label: i.Label()})
		return err
	})
	f.OnLearned(func(ctx context.Context, tx *db.Tx, i firmware.Image, d phone.Dictionary) error {
		return p.SetImageDictionary(ctx, tx, i.ID, profile.ModeOf(i.Maker), i.FileName, d)
	})
}

// holders answers in the words of profiles.
type holders struct{ *Service }

func (h holders) Holds(ctx context.Context, q db.Q, customerID string, kind profile.Kind, key string) error {
	return h.Service.Holds(ctx, q, customerID, string(kind), key)
}

func (h holders) HasFile(ctx context.Context, q db.Q, customerID, fileID string) error {
	var id string
	err := q.Get(ctx, &id, `SELECT id FROM device_files WHERE id = $1 AND customer_id = $2 AND area = 'resource'`, fileID, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("file")
	}
	return err
}

// images answers in the words of profiles.
type images struct{ *firmware.Service }

func (i images) Image(ctx context.Context, q db.Q, id string) (profile.Image, error) {
	all, _, err := i.Images(ctx, q)
	if err != nil {
		return profile.Image{}, err
	}
	x, ok := all[id]
	if !ok || x.Gone {
		return profile.Image{}, errs.Missing("software image")
	}
	return profile.Image{ID: x.ID, Mode: profile.ModeOf(x.Maker), Name: x.Label()}, nil
}
