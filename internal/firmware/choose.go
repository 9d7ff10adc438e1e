package firmware

import (
	"slices"
	"strings"
	"time"

	"linecard/internal/phone"
)

// Ask is everything on which the software of a phone depends. Equal values give equal choices.
type Ask struct {
	Maker, Model, Version string      // of the phone; Version as it reported it, "" when it never did
	Selections            []Selection // of all profiles that select an image, the highest first (DM-169)
	AppFilePath           string      // APP_FILE_PATH or its like in a profile in force, "" none; makers write it themselves
	OwnPath               bool        // a profile sets such a path, also when it is empty
	Internet              bool        // the phone is at the site Internet
	SitePath              string      // download path of its site, "" none
	Paths                 Paths
	Window                Window
	Zone                  *time.Location // of the customer; nil is UTC
	Now                   time.Time
	Catalogue             Catalogue
}

// Selection is a profile that selects an image (DM-168).
type Selection struct {
	ProfileID string
	ImageID   string
	Label     string // how the profile names it, for one that the catalogue has forgotten
}

// Paths are the service-level download paths (DM-175). Internet "" is the customer's own address; without Enterprise phones at other
// sites are told of no software unless their site has a path (AMB-21).
type Paths struct{ Internet, Enterprise string }

// State says where a phone's software stands.
type State string

// The states.
const (
	None      State = "none"      // no profile selects any
	Own       State = "own_path"  // APP_FILE_PATH says where it is; selections have no effect (DM-181)
	Current   State = "current"   // runs what is selected
	Planned   State = "planned"   // is told to run something else now
	Waiting   State = "waiting"   // will be told inside the window
	Withheld  State = "withheld"  // is told nothing, see the warnings
	Untouched State = "untouched" // outside of the window, and its model or version is not known yet
)

// Source says which download path won (DM-174).
type Source string

// The sources, from the highest.
const (
	FromProfile    Source = "profile"
	FromSite       Source = "site"
	FromInternet   Source = "internet"
	FromEnterprise Source = "enterprise"
)

// Choice is what a phone is told about software.
type Choice struct {
	State     State
	Image     phone.Image // what its files say; zero: nothing
	ImageID   string      // of what is told
	TargetID  string      // what it shall run in the end; differs while a version in between is needed or the window is closed
	Target    string      // its version
	ProfileID string      // which profile selected it
	Source    Source
	Path      string    // the download path in force; "" is the customer's own address
	Next      time.Time // when the choice may become another without any change; zero: never
	Warnings  []Warning
}

// Warning is for people; Code is stable. The codes: image_missing (DM-156), selection_shadowed (DM-181), path_missing (AMB-21),
// step_missing, version_unknown, rollback (DM-172).
type Warning struct {
	Code  string
	Image string // id of the image it is about; "" none
	Label string // its name and version
	Text  string
}

// Choose tells what software a phone shall run and from where. It is pure. paired says what the device that is provisioned through
// the phone shall run; it is chosen by itself (M13) and has no window of its own.
func Choose(a Ask) (own Choice, paired Choice) {
	paired = a.choose(ForPaired)
	own = a.choose(ForPhone)
	return own, paired
}

func (a Ask) choose(kind Kind) Choice {
	selected, image, found := a.winner(kind)
	c := Choice{State: None}
	if kind == ForPhone && a.OwnPath {
		c.State, c.Source, c.Path = Own, FromProfile, a.AppFilePath
		if found {
			c.warn("selection_shadowed", image, selected, "A profile gives the path of the software itself, so the selection has no effect.")
		}
		return c
	}
	if !found {
		return c
	}
	c.ProfileID, c.TargetID, c.Target = selected.ProfileID, image.ID, image.Version
	if image.ID == "" || image.Gone { // DM-170
		c.State, c.TargetID = Withheld, selected.ImageID
		c.warn("image_missing", image, selected, "The selected software image is no longer available. The phone keeps what it runs.")
		return c
	}
	ok := false
	if c.Source, c.Path, ok = a.path(); !ok {
		c.State = Withheld
		c.warn("path_missing", image, selected, "Neither the site nor the provisioning settings say where its phones get software.")
		return c
	}
	if kind == ForPaired {
		c.State = Planned
		c.say(image)
		return c
	}
	a.aim(&c, selected, image)
	return c
}

// aim decides between the target, a version on the way to it, and what the phone runs now.
func (a Ask) aim(c *Choice, selected Selection, image Image) {
	if a.Version != "" && same(a.Version, image.Version) {
		c.State = Current
		c.say(image)
		return
	}
	step, reachable := a.step(image)
	switch {
	case a.Version == "" && len(image.Needs()) > 0:
		c.warn("version_unknown", image, selected, "The phone has not said yet what it runs, and this version cannot be reached from every other one.")
		c.State = Withheld
		return
	case !reachable:
		c.warn("step_missing", image, selected, "The phone must run "+a.missing(image)+" first, and there is no such image for it.")
		c.State = Withheld
		return
	case a.Version != "" && older(image.Version, a.Version) < 0:
		c.warn("rollback", image, selected, "The selected version is older than what the phone runs.") // DM-172
	}
	open, next := a.Window.Open(a.Now, a.Zone)
	c.Next = next
	if open {
		c.State = Planned
		c.say(step)
		return
	}
	c.State = Waiting
	if a.Version == "" {
		c.State = Untouched
		return
	}
	if present, ok := a.running(); ok {
		c.say(present)
	}
}

// winner gives the highest selection of this kind that is made for the phone (DM-169, M12). One that the catalogue does not know at
// all counts too, because nobody can say for which phones it was, and an unwanted change is worse than none (DM-170).
func (a Ask) winner(kind Kind) (Selection, Image, bool) {
	for _, s := range a.Selections {
		image, known := a.Catalogue[s.ImageID]
		switch {
		case !known && kind == ForPhone:
			return s, Image{}, true
		case known && image.Kind == kind && image.Serves(a.Maker, a.Model):
			return s, image, true
		}
	}
	return Selection{}, Image{}, false
}

// path is table 13.1. The first answer may be "": the customer's own address.
func (a Ask) path() (Source, string, bool) {
	switch {
	case !a.Internet && a.SitePath != "":
		return FromSite, a.SitePath, true
	case a.Internet:
		return FromInternet, a.Paths.Internet, true
	case a.Paths.Enterprise != "":
		return FromEnterprise, a.Paths.Enterprise, true
	}
	return "", "", false
}

func (c *Choice) say(i Image) {
	c.ImageID = i.ID
	c.Image = phone.Image{Version: i.Version, Path: i.Path()}
	if c.Path != "" {
		c.Image.Path = strings.TrimSuffix(c.Path, "/") + "/" + i.Path()
	}
}

func (c *Choice) warn(code string, i Image, s Selection, text string) {
	label := s.Label
	if i.ID != "" {
		label = i.Label()
	}
	c.Warnings = append(c.Warnings, Warning{Code: code, Image: s.ImageID, Label: label, Text: text})
}

// step gives what the phone must be told next on its way to the target: the first version that it needs and never had, or the target
// itself. false: there is no image for a version in between.
func (a Ask) step(target Image) (Image, bool) {
	for range maxNeeds + 1 { // an image in between may need another one before it; a circle ends here
		need := a.missing(target)
		if need == "" {
			return target, true
		}
		found := false
		for _, i := range a.fitting() {
			if same(i.Version, need) || older(need, i.Version) < 0 && older(i.Version, target.Version) < 0 {
				target, found = i, true
				break
			}
		}
		if !found {
			return Image{}, false
		}
	}
	return Image{}, false
}

// missing is the first version that the target needs and that is newer than what the phone runs; "" when there is none, or when the
// target is older than what it runs, since nobody says what a way back needs.
func (a Ask) missing(target Image) string {
	if a.Version == "" || older(target.Version, a.Version) <= 0 {
		return ""
	}
	for _, need := range target.Needs() {
		if older(a.Version, need) < 0 {
			return need
		}
	}
	return ""
}

// fitting lists the images for this phone, the oldest version first.
func (a Ask) fitting() []Image {
	var out []Image
	for _, i := range a.Catalogue {
		if !i.Gone && i.Kind == ForPhone && i.Serves(a.Maker, a.Model) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(x, y Image) int {
		if c := compare(x.Version, y.Version); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return out
}

// running gives the image of what the phone runs; false when the catalogue has none: then it is told nothing, which leaves it alone.
func (a Ask) running() (Image, bool) {
	for _, i := range a.fitting() {
		if same(i.Version, a.Version) {
			return i, true
		}
	}
	return Image{}, false
}
