// Package phone owns all knowledge about makers of phones: how a phone is recognised by what it asks and how it calls itself,
// which files it wants, how a setting is spelt in them and which parameters are secrets. Each maker is a sub-package.
//
// It is pure and works on its own input types: it must not know the database, HTTP, tenants or where its inputs come from.
package phone

import (
	"slices"

	"linecard/internal/errs"
)

// Program is which of a phone's programs asks.
type Program string

// The programs. An old phone may not say which one it is; then it is Unknown.
const (
	Unknown     Program = ""
	Application Program = "application" // the telephone itself
	Updater     Program = "updater"     // what boots it and loads software; has a version of its own
	Browser     Program = "browser"     // a small browser on the phone's screen
)

// FileKind says what a file name stands for in the boot sequence of its maker.
type FileKind string

// The kinds of files.
const (
	Master       FileKind = "master"        // the first file of this phone; names the others
	GlobalMaster FileKind = "global_master" // the same for phones that have none of their own
	Parameters   FileKind = "parameters"    // configuration of this phone, as written here
	Common       FileKind = "common"        // configuration that all phones of a model or maker share; no MAC in its name
	Overrides    FileKind = "overrides"     // what was changed on the phone; it reads and writes it
	Directory    FileKind = "directory"     // contacts
	CallList     FileKind = "call_list"
	Licence      FileKind = "licence"
	Log          FileKind = "log" // written only
	Software     FileKind = "software"
	Other        FileKind = "other"
)

// Identity is what a request tells about the phone and about the file it wants.
type Identity struct {
	Maker   string
	MAC     MAC     // zero when neither path nor User-Agent carries one
	Model   string  // as the maker's configuration tokens spell it ("VVX411"); "" when not told
	Version string  // software version of Program; "" when not told
	Program Program // which program asks
	Kind    FileKind
	Name    string // path below the provisioning address with the MAC in lower case: equal for all spellings of one file
	Sure    bool   // the phone called itself by the maker's name; otherwise only the path looks like it
}

// Inputs is everything a rendered file depends on. Two equal Inputs give equal bytes.
type Inputs struct {
	MAC     MAC
	Model   string // "" when the phone has never told and nobody entered it
	Version string
	Poll    PollWindow
	// Settings are all parameters of the phone, each once, sorted by name, variables expanded.
	Settings []Setting
	Image    Image
	// Once are parameters that were set for phones here before and are not among Settings now, sorted: a maker whose phones
	// keep what they once got tells them to forget (decision 14).
	Once []string
}

// File is what a phone gets.
type File struct {
	Body        []byte
	ContentType string
}

// Renderer is what every maker can do. It holds no state and may be used by many requests at once.
type Renderer interface {
	// Maker is the short stable name: "poly".
	Maker() string
	// Recognise reads a request: path is relative to the provisioning address, decoded, without a leading slash. false means
	// that neither the path nor the User-Agent looks like this maker.
	Recognise(path, userAgent string) (Identity, bool)
	// Files names what Render can give for these inputs, in the order in which the phone asks.
	Files(Inputs) []string
	// Render makes one file of Inputs.Settings and Inputs.Image and adds nothing of its own but what the format needs and what
	// makes a phone forget Inputs.Once. A name that the phone has no file for is NotFound; a setting that cannot be written, or that
	// stands there twice, is Invalid. The bytes depend on the inputs alone.
	Render(name string, in Inputs) (File, error)
	// Defaults are what a phone gets when nobody says otherwise, sorted by name: the lowest rank of all. They depend on MAC,
	// model, version and poll window only.
	Defaults(in Inputs) []Setting
	// Spell puts lines and keys into the maker's parameters, sorted by name. What does not fit is among the misfits, never lost
	// without a word.
	Spell(l Layout) Spelling
	// Account installs a provisioning account of the phone's own (decision 15); nil when the maker's phones cannot be told.
	Account(a Account) []Setting
	// Check refuses what cannot stand in this maker's files, and passwords that every phone has from the factory. The error is
	// Invalid and names no field, since the caller knows where the setting came from.
	Check(s Setting) error
	// Gone gives the setting that makes a phone forget a parameter it once got (decision 14). true without a name: leaving it out
	// is enough. false: it stays on the phone.
	Gone(parameter string) (Setting, bool)
	// Secret says whether the value of this parameter must be sealed and masked (decision 16); see Hidden.
	Secret(parameter string) bool
	// Accounts is how many lines a model has; 0 when that is not known.
	Accounts(model string) int
}

// Owner is an ability of makers that know their own MAC prefixes.
type Owner interface{ Owns(MAC) bool }

// Makers are the makers that are built in, in the order in which they are asked.
type Makers []Renderer

// ErrNoFile is the answer for a file that this phone does not have.
var ErrNoFile = errs.Missing("file")

var errMaker = errs.BadField("maker", "unknown_maker", "This maker of phones is not supported.")

// Recognise asks the makers. One that the phone names in its User-Agent is preferred to one whose file names look alike,
// because several makers use <mac>.cfg. false means that no maker knows such a request.
func (m Makers) Recognise(path, userAgent string) (Identity, bool) {
	var first Identity
	found := false
	for _, r := range m {
		id, ok := r.Recognise(path, userAgent)
		if ok && id.Sure {
			return id, true
		}
		if ok && !found {
			first, found = id, true
		}
	}
	return first, found
}

// Get gives the maker by its name; an unknown one is Invalid and names the field "maker".
func (m Makers) Get(maker string) (Renderer, error) {
	i := slices.IndexFunc(m, func(r Renderer) bool { return r.Maker() == maker })
	if i < 0 {
		return nil, errMaker
	}
	return m[i], nil
}

// Names lists the makers in their order.
func (m Makers) Names() []string {
	names := make([]string, len(m))
	for i, r := range m {
		names[i] = r.Maker()
	}
	return names
}

// Of gives the maker whose MAC prefix it is; "" when no maker knows it.
func (m Makers) Of(mac MAC) string {
	for _, r := range m {
		if o, ok := r.(Owner); ok && o.Owns(mac) {
			return r.Maker()
		}
	}
	return ""
}
