package firmware

import (
	"context"
	"log/slog"
	"slices"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/queue"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Service is the use cases of software images. Everybody who sees phones sees the images; only the operator brings and removes them.
type Service struct {
	db         *db.DB
	files      blob.Store
	journal    *journal.Journal
	tenants    *tenant.Service
	operations *operation.Service
	makers     phone.Makers
	log        *slog.Logger
	slots      slots
	onImage    []OnImage
	onLearned  []OnLearned
}

// Needs is what the room is made of.
type Needs struct {
	DB         *db.DB
	Files      blob.Store
	Journal    *journal.Journal
	Tenants    *tenant.Service
	Operations *operation.Service
	Makers     phone.Makers
	Log        *slog.Logger // nil: slog.Default
	// PerAddress is how many phones of one public address may fetch software at once from this server; 0 → 16.
	PerAddress int
}

// NewService makes the room; Register adds its jobs to the queue.
func NewService(n Needs) *Service {
	if n.Log == nil {
		n.Log = slog.Default()
	}
	if n.PerAddress <= 0 {
		n.PerAddress = perAddress
	}
	return &Service{db: n.DB, files: n.Files, journal: n.Journal, tenants: n.Tenants, operations: n.Operations, makers: n.Makers, log: n.Log,
		slots: slots{most: n.PerAddress, used: map[string]int{}}}
}

// OnImage acts in the transaction in which an image comes, changes or goes; its software profile lives there (DM-171). An error undoes it.
type OnImage func(ctx context.Context, tx *db.Tx, i Image, gone bool) error

// OnLearned acts in the same transaction on the parameters that an image says it knows (DM-144).
type OnLearned func(ctx context.Context, tx *db.Tx, i Image, d phone.Dictionary) error

// OnImage registers a hook while the program is wired.
func (s *Service) OnImage(h OnImage) { s.onImage = append(s.onImage, h) }

// OnLearned registers a hook while the program is wired.
func (s *Service) OnLearned(h OnLearned) { s.onLearned = append(s.onLearned, h) }

// Query says which images a list shall hold.
type Query struct {
	Text  string // part of family, version, models or file name
	Maker string
	Kind  Kind
	Page  db.Page // sorts: created (newest first), family, version
}

// Listing is one page of a list.
type Listing struct {
	Items []Image // without their files
	Next  string  // cursor of the next page, "" when this is the last
}

// List gives the images that can be selected, page by page.
func (s *Service) List(ctx context.Context, actor access.Actor, q Query) (Listing, error) {
	if err := access.Decide(actor, access.SoftwareView, access.Target{Tenant: actor.Place()}); err != nil {
		return Listing{}, err
	}
	return list(ctx, s.db, q)
}

// Get gives an image, also one that is gone, so that a page can name it (DM-156); NotFound when there never was one.
func (s *Service) Get(ctx context.Context, actor access.Actor, id string) (Image, error) {
	if err := access.Decide(actor, access.SoftwareView, access.Target{Tenant: actor.Place()}); err != nil {
		return Image{}, err
	}
	return load(ctx, s.db, id)
}

// operator gives the root of the tree, locked, when the actor may change images there.
func (s *Service) operator(ctx context.Context, tx *db.Tx, actor access.Actor) (tenant.Tenant, error) {
	root, err := s.tenants.Operator(ctx, tx)
	if err != nil {
		return root, err
	}
	t, target, err := s.tenants.Locked(ctx, tx, actor, root.ID)
	if err == nil {
		err = access.Decide(actor, access.SoftwareEdit, target)
	}
	return t, err
}

// Edit changes what people state about an image. Phones are told accordingly when they ask next.
func (s *Service) Edit(ctx context.Context, actor access.Actor, id string, p Patch) (Image, error) {
	var out Image
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, i, err := s.locked(ctx, tx, actor, id, p.IfVersion)
		if err != nil {
			return err
		}
		changed, err := p.apply(&i)
		out = i
		if err != nil || len(changed) == 0 {
			return err
		}
		i.Row, i.Updated = i.Row+1, tx.Now()
		if err := update(ctx, tx, i); err != nil {
			return err
		}
		out = i
		return s.tell(ctx, tx, actor, t, i, "edited", map[string]any{"fields": changed})
	})
	return out, err
}

func (p Patch) apply(i *Image) ([]string, error) {
	var c errs.Checker
	var changed []string
	text := func(field string, to *string, from *string, check func(string) string) {
		if from != nil {
			if v := check(*from); v != *to {
				*to, changed = v, append(changed, field)
			}
		}
	}
	many := func(field string, to *[]string, from *[]string, check func([]string) []string) {
		if from != nil {
			if v := check(*from); !slices.Equal(v, *to) {
				*to, changed = v, append(changed, field)
			}
		}
	}
	text("family", &i.Family, p.Family, func(v string) string { return c.Text("family", v, 0, 64) })
	text("version", &i.Version, p.Version, func(v string) string { return versionText(&c, "version", c.Text("version", v, 1, 64)) })
	text("kind", (*string)(&i.Kind), (*string)(p.Kind), func(v string) string {
		return c.OneOf("kind", v, string(ForPhone), string(ForPaired))
	})
	many("models", &i.ModelsOf.V, p.Models, func(v []string) []string {
		if len(v) == 0 {
			c.Add(errNoModels)
		}
		return modelList(&c, v)
	})
	many("needs", &i.NeedsOf.V, p.Needs, func(v []string) []string { return needList(&c, v) })
	return changed, c.Err()
}

// Delete takes an image away. Phones whose profiles select it keep what they run (DM-170); the profiles say that it is missing (DM-156).
func (s *Service) Delete(ctx context.Context, actor access.Actor, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, i, err := s.locked(ctx, tx, actor, id, ifVersion)
		if err != nil {
			return err
		}
		blobs := blobsOf(i.Files)
		if _, err := tx.Exec(ctx, `DELETE FROM firmware_files WHERE image_id = $1`, id); err != nil {
			return err
		}
		i.Gone, i.Files, i.Row, i.Updated = true, nil, i.Row+1, tx.Now()
		if err := update(ctx, tx, i); err != nil {
			return err
		}
		if err := queue.Insert(ctx, tx, removeKind, removeArgs{blobs}, queue.Opts{Scope: t.Scope}); err != nil {
			return err
		}
		return s.tell(ctx, tx, actor, t, i, "deleted", nil)
	})
}

func (s *Service) locked(ctx context.Context, tx *db.Tx, actor access.Actor, id string, ifVersion int64) (tenant.Tenant, Image, error) {
	t, err := s.operator(ctx, tx, actor)
	if err != nil {
		return t, Image{}, err
	}
	i, err := load(ctx, tx, id)
	switch {
	case err != nil:
	case i.Gone:
		err = errGone
	case ifVersion != 0 && ifVersion != i.Row:
		err = errStale
	}
	return t, i, err
}

// tell does what follows every change of the catalogue: the hooks, the revision of everybody's files, the journal.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, i Image, what string, data map[string]any) error {
	if err := revision.Bump(ctx, tx, revision.Operator, t.ID); err != nil {
		return err
	}
	for _, h := range s.onImage {
		if err := h(ctx, tx, i, i.Gone); err != nil {
			return err
		}
	}
	if data == nil {
		data = map[string]any{}
	}
	data["maker"], data["version"] = i.Maker, i.Version
	verb := map[string]string{"created": "create", "edited": "edit", "deleted": "delete"}[what]
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "software." + what, Action: "software/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "software_image", ID: i.ID, Name: i.Label()}, Data: data})
}

func blobsOf(files []ImageFile) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Blob)
	}
	return out
}
