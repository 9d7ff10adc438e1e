package device

import (
	"context"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
)

const fileColumns = `id, customer_id, COALESCE(device_id, '') AS device_id, area, name, description, blob, sealed, size, sha256, author, created, updated, version`

// Files gives the names of a customer's resource files by their id, for what links to them. It decides nothing.
func (s *Service) Files(ctx context.Context, q db.Q, customerID string) (map[string]string, error) {
	var rows []struct {
		ID   string `db:"id"`
		Name string `db:"name"`
	}
	if err := q.Select(ctx, &rows, `SELECT id, name FROM device_files WHERE customer_id = $1 AND area = 'resource'`, customerID); err != nil {
		return nil, err
	}
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, nil
}

// whose is a customer's own files, or those of one of its devices.
type whose struct{ CustomerID, DeviceID string }

func (w whose) sql(a *db.Args) string {
	if w.DeviceID == "" {
		return `customer_id = ` + a.Add(w.CustomerID) + ` AND device_id IS NULL`
	}
	return `customer_id = ` + a.Add(w.CustomerID) + ` AND device_id = ` + a.Add(w.DeviceID)
}

func getFile(ctx context.Context, q db.Q, w whose, id string) (File, error) {
	a := q.Args()
	var f File
	err := q.Get(ctx, &f, `SELECT `+fileColumns+` FROM device_files WHERE `+w.sql(a)+` AND id = `+a.Add(id), a.List()...)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("file")
	}
	return f, err
}

// findFile gives the file of that name in an area; NotFound when there is none.
func findFile(ctx context.Context, q db.Q, w whose, area Area, name string) (File, error) {
	a := q.Args()
	var f File
	err := q.Get(ctx, &f, `SELECT `+fileColumns+` FROM device_files WHERE `+w.sql(a)+` AND area = `+a.Add(string(area))+` AND name_fold = `+a.Add(db.Fold(name)), a.List()...)
	return f, err
}

func listFiles(ctx context.Context, q db.Q, w whose, by FileQuery) (FileListing, error) {
	a := q.Args()
	where := w.sql(a)
	if by.Area != "" {
		where += ` AND area = ` + a.Add(string(by.Area))
	}
	if text := strings.TrimSpace(by.Text); text != "" {
		where += ` AND name_fold LIKE ` + a.Add(db.Contains(text)) + ` ESCAPE '\'`
	}
	k, err := by.Page.Keyset(a, "id", db.Sort{Name: "name", Column: "name_fold"}, db.Sort{Name: "created", Column: "created", Number: true})
	if err != nil {
		return FileListing{}, err
	}
	var rows []File
	if err := q.Select(ctx, &rows, `SELECT `+fileColumns+` FROM device_files WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return FileListing{}, err
	}
	var out FileListing
	out.Items, out.Next = db.Cut(k, rows, func(f File) (any, string) {
		if k.SortName() == "created" {
			return f.Created.UnixMilli(), f.ID
		}
		return db.Fold(f.Name), f.ID
	})
	return out, nil
}

func insertFile(ctx context.Context, tx *db.Tx, f File) error {
	var device any
	if f.DeviceID != "" {
		device = f.DeviceID
	}
	_, err := tx.Exec(ctx, `INSERT INTO device_files (id, customer_id, device_id, area, name, name_fold, description, blob, sealed, size, sha256, author, created, updated, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, f.ID, f.CustomerID, device, string(f.Area), f.Name, db.Fold(f.Name), f.Description,
		f.Blob, f.Sealed, f.Size, f.SHA256, f.Author, f.Created, f.Updated, f.Version)
	return err
}

func updateFile(ctx context.Context, tx *db.Tx, f File) error {
	_, err := tx.Exec(ctx, `UPDATE device_files SET name = $2, description = $3, blob = $4, sealed = $5, size = $6, sha256 = $7, author = $8, updated = $9, version = $10 WHERE id = $1`,
		f.ID, f.Name, f.Description, f.Blob, f.Sealed, f.Size, f.SHA256, f.Author, f.Updated, f.Version)
	return err
}

// room refuses a file for which the customer has no room any more.
func room(ctx context.Context, q db.Q, f File) error {
	var have struct {
		N    int64 `db:"n"`
		Size int64 `db:"size"`
	}
	if err := q.Get(ctx, &have, `SELECT count(*) AS n, CAST(COALESCE(sum(size), 0) AS BIGINT) AS size FROM device_files WHERE customer_id = $1`, f.CustomerID); err != nil {
		return err
	}
	if have.Size+f.Size > maxStored {
		return errFileQuota
	}
	a := q.Args()
	most := int64(maxResources)
	if f.DeviceID != "" {
		most = maxOfDevice
	}
	w := whose{f.CustomerID, f.DeviceID}
	if err := q.Get(ctx, &have.N, `SELECT count(*) FROM device_files WHERE `+w.sql(a), a.List()...); err != nil {
		return err
	}
	if have.N >= most {
		return errFileQuota
	}
	return nil
}
