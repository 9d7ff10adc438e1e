package firmware

import (
	"context"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
)

const selected = `SELECT id, short, maker, family, models, release, kind, asked, needs, file_name, size, sha256, gone, created, updated, version FROM firmware_images`

// Images gives the whole catalogue, and a text that differs when anything in it does. It decides nothing: it is for whoever makes
// phones' files.
func (s *Service) Images(ctx context.Context, q db.Q) (Catalogue, string, error) {
	var images []Image
	if err := q.Select(ctx, &images, selected+` ORDER BY id`); err != nil {
		return nil, "", err
	}
	var files []ImageFile
	if err := q.Select(ctx, &files, `SELECT image_id, name, blob, size, sha256 FROM firmware_files ORDER BY image_id, name`); err != nil {
		return nil, "", err
	}
	all := make(Catalogue, len(images))
	for _, i := range images {
		for len(files) > 0 && files[0].ImageID <= i.ID {
			if files[0].ImageID == i.ID {
				i.Files = append(i.Files, files[0])
			}
			files = files[1:]
		}
		all[i.ID] = i
	}
	return all, revisionOf(images), nil
}

func load(ctx context.Context, q db.Q, id string) (Image, error) {
	var i Image
	err := q.Get(ctx, &i, selected+` WHERE id = $1`, id)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return i, errs.Missing("software image")
	}
	if err == nil {
		err = q.Select(ctx, &i.Files, `SELECT image_id, name, blob, size, sha256 FROM firmware_files WHERE image_id = $1 ORDER BY name`, id)
	}
	return i, err
}

func list(ctx context.Context, q db.Q, by Query) (Listing, error) {
	a := q.Args()
	where := "NOT gone"
	for _, f := range []struct{ column, value string }{{"maker", by.Maker}, {"kind", string(by.Kind)}} {
		if f.value != "" {
			where += " AND " + f.column + " = " + a.Add(f.value)
		}
	}
	if text := strings.TrimSpace(by.Text); text != "" {
		like := a.Add(db.Contains(text))
		where += ` AND (lower(family) LIKE ` + like + ` ESCAPE '\' OR lower(release) LIKE ` + like + ` ESCAPE '\' OR lower(models) LIKE ` + like + ` ESCAPE '\' OR lower(file_name) LIKE ` + like + ` ESCAPE '\')`
	}
	k, err := by.Page.Keyset(a, "id", db.Sort{Name: "created", Column: "created", Number: true, Desc: true}, db.Sort{Name: "family", Column: "family"},
		db.Sort{Name: "version", Column: "release"})
	if err != nil {
		return Listing{}, err
	}
	var rows []Image
	if err := q.Select(ctx, &rows, selected+` WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return Listing{}, err
	}
	var out Listing
	out.Items, out.Next = db.Cut(k, rows, func(i Image) (any, string) {
		switch k.SortName() {
		case "family":
			return i.Family, i.ID
		case "version":
			return i.Version, i.ID
		}
		return i.Created.UnixMilli(), i.ID
	})
	return out, nil
}

func insert(ctx context.Context, tx *db.Tx, i Image) error {
	_, err := tx.Exec(ctx, `INSERT INTO firmware_images (id, short, maker, family, models, release, kind, asked, needs, file_name, size, sha256, gone, created, updated, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, FALSE, $13, $14, $15)`,
		i.ID, i.Short, i.Maker, i.Family, i.ModelsOf, i.Version, string(i.Kind), i.Asked, i.NeedsOf, i.FileName, i.Size, i.SHA256, i.Created, i.Updated, i.Row)
	if db.IsUnique(err, "firmware_images", "sha256") {
		return errExists.Because(err)
	}
	if err != nil {
		return err
	}
	for _, f := range i.Files {
		if _, err := tx.Exec(ctx, `INSERT INTO firmware_files (image_id, name, blob, size, sha256) VALUES ($1, $2, $3, $4, $5)`, i.ID, f.Name, f.Blob, f.Size, f.SHA256); err != nil {
			return err
		}
	}
	return nil
}

func update(ctx context.Context, tx *db.Tx, i Image) error {
	_, err := tx.Exec(ctx, `UPDATE firmware_images SET family = $2, models = $3, release = $4, kind = $5, needs = $6, gone = $7, updated = $8, version = $9 WHERE id = $1`,
		i.ID, i.Family, i.ModelsOf, i.Version, string(i.Kind), i.NeedsOf, i.Gone, i.Updated, i.Row)
	return err
}
