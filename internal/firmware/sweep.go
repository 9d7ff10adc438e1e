package firmware

import (
	"context"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// How long an upload may stand still, and how old a file must be that nobody names. A part is always named by a row within minutes.
const (
	uploadAge = 24 * time.Hour
	sweepAge  = 48 * time.Hour
)

var errAbandoned = errs.New(errs.Conflict, "upload_abandoned", "Nothing arrived for a day, so the upload was given up. Begin a new one.")

// Sweep gives up uploads that stand still, and deletes files that no row names any more.
func (s *Service) Sweep(ctx context.Context) error {
	var stale []string
	err := s.db.Select(ctx, &stale, `SELECT id FROM firmware_uploads WHERE received < size AND touched < $1 ORDER BY id`, db.At(s.db.Now().Add(-uploadAge)))
	if err != nil {
		return err
	}
	for _, id := range stale {
		if err := s.giveUp(ctx, id); err != nil {
			return err
		}
	}
	for folder, table := range map[string]string{uploadFolder: "firmware_parts", imageFolder: "firmware_files"} {
		if err := s.sweepOrphans(ctx, folder, table); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) giveUp(ctx context.Context, id string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "firmware_uploads", id); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return nil
			}
			return err
		}
		u, err := loadUpload(ctx, tx, id)
		if err != nil || u.Whole() || u.Touched.After(tx.Now().Add(-uploadAge)) {
			return err
		}
		if err := s.operations.Fail(ctx, tx, u.OperationID, errAbandoned); err != nil && errs.KindOf(err) != errs.Conflict {
			return err
		}
		return s.drop(ctx, tx, u)
	})
}
