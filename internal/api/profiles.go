package api

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"linecard/internal/profile"
)

// level is a level of the tree at which profiles, containers and dictionaries are kept: the same operations at three addresses.
type level struct {
	id, path, of string
	at           func(c *call) profile.Place
}

var levels = []level{
	{"", "/customers/{customer}", "a customer", func(c *call) profile.Place { return profile.AtCustomer(c.path["customer"]) }},
	{"partner-", "/partners/{partner}", "a partner", func(c *call) profile.Place { return profile.AtPartner(c.path["partner"]) }},
	{"operator-", "/operator", "the operator", func(*call) profile.Place { return profile.AtOperator() }},
}

// Profile is a named set of parameters for phones (DM-135).
type Profile struct {
	ID           string            `json:"id"`
	TenantID     string            `json:"tenant_id" doc:"Whose it is: the organisation itself or one above it"`
	Level        string            `json:"level" enum:"operator,partner,sub_partner,customer"`
	Name         string            `json:"name"`
	Description  string            `json:"description"`
	Mode         string            `json:"mode" enum:"poly,yealink,cisco,generic" doc:"For whose phones it is; generic are Grandstream and Snom"`
	Type         string            `json:"type" enum:"platform,user,software,imported" doc:"Decides what may be done with it (DM-136)"`
	Template     bool              `json:"template" doc:"Copy it, complete the copy and assign that (DM-141)"`
	Builtin      bool              `json:"builtin" doc:"Comes with the program"`
	DeviceID     string            `json:"device_id" doc:"Of an imported one: its only device"`
	ImageID      string            `json:"software_image_id" doc:"The software that it selects; empty for none"`
	Image        string            `json:"software_image" doc:"Name and version of that software"`
	ImageMissing bool              `json:"software_image_missing" doc:"The software is not there any more; nothing is sent instead (DM-156)"`
	Attributes   map[string]string `json:"attributes" doc:"By name; values of secrets are masked"`
	Files        map[string]string `json:"files" doc:"Attributes whose value is the address of a resource file: its id by name (DM-150)"`
	Secrets      []string          `json:"secrets" doc:"Names of attributes that are masked"`
	Sources      []ProfileSource   `json:"sources" doc:"Of a profile that comes with the program: where each value is from"`
	Findings     []ProfileFinding  `json:"findings" doc:"What the dictionaries think of the attributes; they are sent all the same (DM-109). Not in lists"`
	ModifiedBy   string            `json:"modified_by"`
	Created      time.Time         `json:"created"`
	Updated      time.Time         `json:"updated" doc:"When it was installed, last changed, imported or generated (DM-139)"`
}

// ProfileSource is where a value of a profile that comes with the program is from, and for which firmware.
type ProfileSource struct {
	Name     string `json:"name"`
	Source   string `json:"source"`
	Firmware string `json:"firmware"`
}

// ProfileFinding is what a dictionary thinks of an attribute.
type ProfileFinding struct {
	Name    string `json:"name"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Remark  bool   `json:"remark" doc:"Nothing is wrong; no dictionary knows the name"`
}

func profileOf(p profile.Profile) Profile {
	out := Profile{ID: p.ID, TenantID: p.TenantID, Level: string(p.TenantKind), Name: p.Name, Description: p.Description, Mode: p.Mode, Type: string(p.Type),
		Template: p.Template(), Builtin: p.Builtin, DeviceID: p.DeviceID, ImageID: p.ImageID, Image: p.ImageLabel, Attributes: map[string]string{}, Files: map[string]string{},
		Secrets: []string{}, Sources: []ProfileSource{}, Findings: []ProfileFinding{}, ModifiedBy: p.ModifiedBy, Created: p.Created.Time, Updated: p.Updated.Time}
	for _, a := range p.Attributes {
		if a.File != "" {
			out.Files[a.Name] = a.File
			continue
		}
		out.Attributes[a.Name] = a.Value
		if a.Secret {
			out.Secrets = append(out.Secrets, a.Name)
		}
	}
	return out
}

// profileWire gives one profile with what lists leave out, and the ETag. More are findings that a change made beyond those.
func (a *API) profileWire(ctx context.Context, c *call, p profile.Profile, more []profile.Finding, err error) (Profile, error) {
	if err != nil {
		return Profile{}, err
	}
	c.taggedLoosely(p.Version)
	out := profileOf(p)
	if out.ImageMissing, err = a.d.Profiles.ImageGone(ctx, a.d.DB, p); err != nil {
		return out, err
	}
	findings, err := a.d.Profiles.Review(ctx, a.d.DB, p)
	for _, f := range append(slices.DeleteFunc(more, func(f profile.Finding) bool { return f.Code != "left_out" }), findings...) {
		out.Findings = append(out.Findings, ProfileFinding(f))
	}
	if p.Builtin {
		sources := a.d.Profiles.Sources(p.ID)
		for _, name := range slices.Sorted(maps.Keys(sources)) {
			out.Sources = append(out.Sources, ProfileSource{name, sources[name].Source, sources[name].Firmware})
		}
	}
	return out, err
}

// ProfileRef names the profile in a path.
type ProfileRef struct {
	Profile string `path:"profile" doc:"Id of the profile"`
}

type listProfilesIn struct {
	Paged
	Q          string `query:"q" maxLength:"200" doc:"Part of name or description"`
	Type       string `query:"type" maxLength:"100" doc:"platform, user, software, imported; several with commas between"`
	Mode       string `query:"mode" maxLength:"100" doc:"poly, yealink, cisco, generic; several with commas between"`
	ModifiedBy string `query:"modified_by" maxLength:"200" doc:"Part of the name of who last changed it"`
	Own        bool   `query:"own" doc:"Without the profiles of the organisations above"`
	Sort       string `query:"sort" enum:"name,-name,updated,-updated,mode,-mode,type,-type,modified_by,-modified_by"`
}

func several[T ~string](s string) []T {
	var out []T
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, T(part))
		}
	}
	return out
}

func (a *API) listProfiles(at func(*call) profile.Place) func(context.Context, *call, *listProfilesIn) (List[Profile], error) {
	return func(ctx context.Context, c *call, in *listProfilesIn) (List[Profile], error) {
		l, err := a.d.Profiles.List(ctx, c.actor, at(c), profile.Query{Text: in.Q, Types: several[profile.Type](in.Type), Modes: several[string](in.Mode),
			ModifiedBy: in.ModifiedBy, Own: in.Own, Page: in.page(in.Sort)})
		return listOf(l.Items, l.Next, profileOf), err
	}
}

// NewProfile is a profile to add.
type NewProfile struct {
	Name          string            `json:"name" maxLength:"128" doc:"Letters, digits, # . - _ ( ) [ ] and single spaces (DM-29)"`
	Description   string            `json:"description,omitempty" maxLength:"1024"`
	Mode          string            `json:"mode" enum:"poly,yealink,cisco,generic"`
	ImageID       string            `json:"software_image_id,omitempty" maxLength:"128"`
	Attributes    map[string]string `json:"attributes,omitempty" doc:"Value by name; a name may be in any case that a dictionary knows (DM-164)"`
	Files         map[string]string `json:"files,omitempty" doc:"Id of a resource file by the name of an attribute"`
	AcceptInvalid bool              `json:"accept_invalid,omitempty" doc:"Take values that a dictionary does not allow; they become findings"`
}

type createProfileIn struct {
	Body NewProfile
}

// attributesOf puts attributes into a fixed order, so that of two names that turn out to be one the same wins every time.
func attributesOf(values, files map[string]string) []profile.Attribute {
	out := []profile.Attribute{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, profile.Attribute{Name: name, Value: values[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, profile.Attribute{Name: name, File: files[name]})
	}
	return out
}

func (a *API) createProfile(l level) func(context.Context, *call, *createProfileIn) (Profile, error) {
	return func(ctx context.Context, c *call, in *createProfileIn) (Profile, error) {
		b := in.Body
		p, more, err := a.d.Profiles.Create(ctx, c.actor, l.at(c), profile.New{Name: b.Name, Description: b.Description, Mode: b.Mode, ImageID: b.ImageID,
			Attributes: attributesOf(b.Attributes, b.Files), Lenient: b.AcceptInvalid})
		return a.newProfile(ctx, c, l, p, more, err)
	}
}

// newProfile is profileWire of one that was made just now.
func (a *API) newProfile(ctx context.Context, c *call, l level, p profile.Profile, more []profile.Finding, err error) (Profile, error) {
	if err == nil {
		c.created(strings.NewReplacer("{customer}", c.path["customer"], "{partner}", c.path["partner"]).Replace(l.path)+"/profiles/"+p.ID, p.Version)
	}
	return a.profileWire(ctx, c, p, more, err)
}

func (a *API) getProfile(at func(*call) profile.Place) func(context.Context, *call, *ProfileRef) (Profile, error) {
	return func(ctx context.Context, c *call, in *ProfileRef) (Profile, error) {
		p, err := a.d.Profiles.Get(ctx, c.actor, at(c), in.Profile)
		return a.profileWire(ctx, c, p, nil, err)
	}
}

// ProfileContent is everything that people write in a profile; attributes and files replace all that it had. A masked value stays.
type ProfileContent struct {
	Name          *string           `json:"name,omitempty" maxLength:"128"`
	Description   *string           `json:"description,omitempty" maxLength:"1024"`
	ImageID       *string           `json:"software_image_id,omitempty" maxLength:"128"`
	Attributes    map[string]string `json:"attributes"`
	Files         map[string]string `json:"files,omitempty"`
	AcceptInvalid bool              `json:"accept_invalid,omitempty"`
}

type replaceProfileIn struct {
	ProfileRef
	Body ProfileContent
}

func (a *API) replaceProfile(at func(*call) profile.Place) func(context.Context, *call, *replaceProfileIn) (Profile, error) {
	return func(ctx context.Context, c *call, in *replaceProfileIn) (Profile, error) {
		b := in.Body
		p, more, err := a.d.Profiles.Edit(ctx, c.actor, at(c), in.Profile, profile.Patch{Name: b.Name, Description: b.Description, ImageID: b.ImageID,
			Set: attributesOf(b.Attributes, b.Files), Replace: true, Lenient: b.AcceptInvalid, IfVersion: c.ifVersion()})
		return a.profileWire(ctx, c, p, more, err)
	}
}

// ProfileEdits are the parts of a profile that shall change. Attributes and files are merged with what it has; null takes one away.
type ProfileEdits struct {
	Name          *string            `json:"name,omitempty" maxLength:"128"`
	Description   *string            `json:"description,omitempty" maxLength:"1024"`
	ImageID       *string            `json:"software_image_id,omitempty" maxLength:"128" doc:"Empty takes the software away"`
	Attributes    map[string]*string `json:"attributes,omitempty"`
	Files         map[string]*string `json:"files,omitempty"`
	AcceptInvalid bool               `json:"accept_invalid,omitempty"`
}

type editProfileIn struct {
	ProfileRef
	Body ProfileEdits
}

func (a *API) editProfile(at func(*call) profile.Place) func(context.Context, *call, *editProfileIn) (Profile, error) {
	return func(ctx context.Context, c *call, in *editProfileIn) (Profile, error) {
		b := in.Body
		patch := profile.Patch{Name: b.Name, Description: b.Description, ImageID: b.ImageID, Lenient: b.AcceptInvalid, IfVersion: c.ifVersion()}
		values, dropped := given(b.Attributes)
		files, unlinked := given(b.Files)
		patch.Set, patch.Drop = attributesOf(values, files), append(dropped, unlinked...)
		p, more, err := a.d.Profiles.Edit(ctx, c.actor, at(c), in.Profile, patch)
		return a.profileWire(ctx, c, p, more, err)
	}
}

// given parts a merge patch into what is set and what is null.
func given(m map[string]*string) (set map[string]string, null []string) {
	set = map[string]string{}
	for name, v := range m {
		if v == nil {
			null = append(null, name)
		} else {
			set[name] = *v
		}
	}
	slices.Sort(null)
	return set, null
}

func (a *API) deleteProfile(at func(*call) profile.Place) func(context.Context, *call, *ProfileRef) (none, error) {
	return func(ctx context.Context, c *call, in *ProfileRef) (none, error) {
		return none{}, a.d.Profiles.Delete(ctx, c.actor, at(c), in.Profile, c.ifVersion())
	}
}

// ProfileCopy is how a copy is called.
type ProfileCopy struct {
	Name        string  `json:"name,omitempty" maxLength:"128" doc:"Absent: that of the original with -copy"`
	Description *string `json:"description,omitempty" maxLength:"1024"`
}

type copyProfileIn struct {
	ProfileRef
	Body ProfileCopy
}

func (a *API) copyProfile(l level) func(context.Context, *call, *copyProfileIn) (Profile, error) {
	return func(ctx context.Context, c *call, in *copyProfileIn) (Profile, error) {
		p, more, err := a.d.Profiles.Copy(ctx, c.actor, l.at(c), in.Profile, profile.Twin{Name: in.Body.Name, Description: in.Body.Description})
		return a.newProfile(ctx, c, l, p, more, err)
	}
}

const zipType = "application/zip"

// exportProfiles gives all profiles that people made; with clear also their secrets.
func (a *API) exportProfiles(at func(*call) profile.Place, clear bool) func(context.Context, *call, *struct{}) (none, error) {
	return func(ctx context.Context, c *call, _ *struct{}) (none, error) {
		return none{}, a.zip(ctx, c, at(c), "", clear)
	}
}

func (a *API) exportProfile(at func(*call) profile.Place, clear bool) func(context.Context, *call, *ProfileRef) (none, error) {
	return func(ctx context.Context, c *call, in *ProfileRef) (none, error) {
		return none{}, a.zip(ctx, c, at(c), in.Profile, clear)
	}
}

func (a *API) zip(ctx context.Context, c *call, at profile.Place, id string, clear bool) error {
	b, err := a.d.Profiles.Export(ctx, c.actor, at, id, clear)
	if err == nil {
		c.file("profiles.zip", zipType, b)
	}
	return err
}

type importProfileIn struct {
	ProfileRef
	FileName string `query:"file" maxLength:"255" doc:"Name of the file, which ends in .cfg or .xml; absent for a pasted text"`
}

// ProfileImport is what a file brought (DM-147).
type ProfileImport struct {
	Profile Profile `json:"profile"`
	Taken   int     `json:"imported" doc:"Attributes that the file set, each once"`
	Unknown int     `json:"unknown" doc:"Of these no dictionary knows"`
}

func (a *API) importProfile(at func(*call) profile.Place) func(context.Context, *call, *importProfileIn) (ProfileImport, error) {
	return func(ctx context.Context, c *call, in *importProfileIn) (ProfileImport, error) {
		var out ProfileImport
		p, more, taken, err := profile.Profile{}, []profile.Finding(nil), profile.Taken{}, error(nil)
		if in.FileName == "" {
			p, more, taken, err = a.d.Profiles.Paste(ctx, c.actor, at(c), in.Profile, string(c.body), c.ifVersion())
		} else {
			p, more, taken, err = a.d.Profiles.ImportFile(ctx, c.actor, at(c), in.Profile, in.FileName, c.body, c.ifVersion())
		}
		out.Taken, out.Unknown = taken.Attributes, taken.Unknown
		out.Profile, err = a.profileWire(ctx, c, p, more, err)
		return out, err
	}
}

// ProfileSecrets are the secrets of a profile in clear.
type ProfileSecrets struct {
	Attributes map[string]string `json:"attributes"`
}

// revealProfile shows the secrets of a profile; it is written into the operation log (decision 16).
func (a *API) revealProfile(at func(*call) profile.Place) func(context.Context, *call, *ProfileRef) (ProfileSecrets, error) {
	return func(ctx context.Context, c *call, in *ProfileRef) (ProfileSecrets, error) {
		secrets, err := a.d.Profiles.Reveal(ctx, c.actor, at(c), in.Profile)
		return ProfileSecrets{secrets}, err
	}
}

// ProfileUse is a container that holds a profile.
type ProfileUse struct {
	TenantID string `json:"tenant_id"`
	Kind     string `json:"kind"`
	Key      string `json:"key"`
}

// ProfileUsage is what a deletion would end (DM-153).
type ProfileUsage struct {
	Total      int64        `json:"total"`
	Containers []ProfileUse `json:"containers" doc:"At most 1000 of them"`
}

func (a *API) profileUsage(at func(*call) profile.Place) func(context.Context, *call, *ProfileRef) (ProfileUsage, error) {
	return func(ctx context.Context, c *call, in *ProfileRef) (ProfileUsage, error) {
		all, total, err := a.d.Profiles.Usage(ctx, c.actor, at(c), in.Profile)
		out := ProfileUsage{Total: total, Containers: []ProfileUse{}}
		for _, k := range all {
			out.Containers = append(out.Containers, ProfileUse{k.TenantID, string(k.Kind), k.Key})
		}
		return out, err
	}
}
