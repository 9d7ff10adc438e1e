// Package firmware owns the software that phones run: the images that the operator brings, what phones fetch of them, and the rule
// that tells which phone is told to run which one, from where and when (DM-168 … DM-177).
//
// It must not know profiles, sites or devices: whoever decides for a phone hands them to Choose as plain values. The images belong
// to the platform; every customer's phones may run them.
package firmware

import (
	"hash/fnv"
	"slices"
	"strconv"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Kind says for what an image is.
type Kind string

// The kinds. A paired image is for a device that gets configuration and software through the phone (DM-317).
const (
	ForPhone  Kind = "phone"
	ForPaired Kind = "paired"
)

// Image is one version of the software of some models.
type Image struct {
	ID       string            `db:"id"`
	Short    string            `db:"short"` // stands in the path by which phones fetch it
	Maker    string            `db:"maker"`
	Family   string            `db:"family"` // as people name the models: "VVX"
	ModelsOf db.JSON[[]string] `db:"models"`
	Version  string            `db:"release"` // in the maker's spelling: "6.4.6.2494"
	Kind     Kind              `db:"kind"`
	Asked    string            `db:"asked"` // what phones are told to fetch in its folder; "": the folder
	NeedsOf  db.JSON[[]string] `db:"needs"`
	FileName string            `db:"file_name"` // as it was brought
	Size     int64             `db:"size"`
	SHA256   string            `db:"sha256"`
	Gone     bool              `db:"gone"` // deleted; profiles may still select it (DM-156)
	Created  db.Time           `db:"created"`
	Updated  db.Time           `db:"updated"`
	Row      int64             `db:"version"` // grows with every change; the ETag

	Files []ImageFile `db:"-"` // what phones fetch; none when it is gone
}

// ImageFile is one file of an image as phones ask for it.
type ImageFile struct {
	ImageID string `db:"image_id"`
	Name    string `db:"name"`
	Blob    string `db:"blob"`
	Size    int64  `db:"size"`
	SHA256  string `db:"sha256"`
}

// Folder is where phones find software, below their provisioning address.
const Folder = "fw"

// Models are the models that it is for, as phones report them.
func (i Image) Models() []string { return i.ModelsOf.V }

// Needs are versions that a phone must have run before this one, the oldest first.
func (i Image) Needs() []string { return i.NeedsOf.V }

// Path is what a phone fetches, relative to its provisioning address and without a leading slash, because Poly phones append it to
// the address as it is: "fw/3f9c0a1b2c4d/sip.ld". A Poly phone puts its part number before the name by itself.
func (i Image) Path() string {
	if i.Asked == "" {
		return Folder + "/" + i.Short
	}
	return Folder + "/" + i.Short + "/" + i.Asked
}

// Serves says whether the image is for a phone: made by this maker, for this model. A phone whose model nobody knows has none.
func (i Image) Serves(maker, model string) bool {
	return i.Maker == maker && model != "" && slices.ContainsFunc(i.Models(), func(m string) bool {
		_, same := phone.Find([]phone.Model{{Name: m}}, model)
		return same
	})
}

// Label names an image for people: "VVX 6.4.6.2494".
func (i Image) Label() string {
	if i.Family == "" {
		return i.Maker + " " + i.Version
	}
	return i.Family + " " + i.Version
}

// Catalogue is all images by their id, those that are gone too.
type Catalogue map[string]Image

// revision is a text that differs when anything in the catalogue differs.
func revisionOf(images []Image) string {
	h := fnv.New64a()
	for _, i := range images {
		_, _ = h.Write([]byte(i.ID + " " + strconv.FormatInt(i.Row, 10) + "\n"))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// The limits.
const (
	MaxSize    = 4 << 30 // bytes of one file
	maxFiles   = 2000    // of one image
	maxUploads = 20      // on their way in at once
	maxModels  = 200
	maxNeeds   = 10
)

var (
	errStale  = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errGone   = errs.New(errs.Conflict, "image_gone", "This software image was deleted.")
	errExists = errs.New(errs.Conflict, "image_exists", "This software image is there already.")
)

// Patch is a partial change of what people state about an image; nil leaves a field as it is.
type Patch struct {
	Family, Version *string
	Models, Needs   *[]string
	Kind            *Kind
	IfVersion       int64 // 0: whatever the version is
}

// Stated is what whoever brings an image says of it; what is empty is told from the file.
type Stated struct {
	Maker   string   `json:"maker"`
	Family  string   `json:"family"`
	Version string   `json:"version"`
	Models  []string `json:"models"`
	Needs   []string `json:"needs"`
	Kind    Kind     `json:"kind"`
}

func (s Stated) check(c *errs.Checker, makers phone.Makers) Stated {
	if s.Maker != "" {
		if _, err := makers.Get(s.Maker); err != nil {
			c.Add(errs.Field{Name: "maker", Code: "unknown_maker", Message: "This maker of phones is not supported."})
		}
	}
	s.Family = c.Text("family", s.Family, 0, 64)
	s.Version = versionText(c, "version", s.Version)
	s.Models = modelList(c, s.Models)
	s.Needs = needList(c, s.Needs)
	if s.Kind != "" {
		s.Kind = Kind(c.OneOf("kind", string(s.Kind), string(ForPhone), string(ForPaired)))
	}
	return s
}

func modelList(c *errs.Checker, in []string) []string {
	if len(in) > maxModels {
		c.Add(errs.Field{Name: "models", Code: "too_many_models", Message: "At most 200 models in one image."})
		return nil
	}
	var out []string
	for n, m := range in {
		if m = c.Text("models["+strconv.Itoa(n)+"]", m, 1, 64); !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

func needList(c *errs.Checker, in []string) []string {
	if len(in) > maxNeeds {
		c.Add(errs.Field{Name: "needs", Code: "too_many_versions", Message: "At most 10 versions in between."})
		return nil
	}
	var out []string
	for n, v := range in {
		out = append(out, versionText(c, "needs["+strconv.Itoa(n)+"]", c.Text("needs["+strconv.Itoa(n)+"]", v, 1, 64)))
	}
	slices.SortStableFunc(out, compare)
	return slices.Compact(out)
}

// versionText takes what can stand in a path and in a file of any maker, and has a number in it.
func versionText(c *errs.Checker, field, s string) string {
	s = c.Text(field, s, 0, 64)
	if !c.Failed(field) && s != "" && (len(numbers(s)) == 0 || phone.PlainName(s) != s) {
		c.Add(errs.Field{Name: field, Code: "bad_version", Message: "A version has digits, letters, dots and hyphens, and at least one number."})
	}
	return s
}
