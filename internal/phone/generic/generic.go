// Package generic owns makers whose phones are described by data alone, a Template each: which files they ask for, how they
// call themselves, how their settings are spelt. Grandstream and Snom are described so; the next maker is another Template.
//
// Like every maker it must not know where its inputs come from. Marks at facts: [S] seen in a manual, a log or the project
// that is named; [I] inferred from such; nothing that is only recalled is written into a file. README.md holds the sources.
package generic

import (
	"regexp"
	"slices"
	"strings"

	"linecard/internal/phone"
	"linecard/internal/phone/flatxml"
)

// Template describes a maker. It is checked by New.
type Template struct {
	Maker    string
	Prefixes []phone.MAC // first three bytes count
	// Agents read User-Agents, by groups named model, version and mac; a group may be missing.
	Agents []string
	Names  []Name
	// Standing are what every phone gets when nobody says otherwise, in any order.
	Standing []Setting
	// Lines spells one registration.
	Lines func(phone.Line) (identity, rest []phone.Setting, misfits []phone.Misfit)
	// Off switches a registration off and empties it.
	Off func(number int) []phone.Setting
	// MaxLines is how many registrations Lines knows how to spell.
	MaxLines int
	// Own installs a provisioning account; nil when it is not known how.
	Own func(phone.Account) []phone.Setting
	// Factory are passwords that every phone has from the factory, by parameter.
	Factory map[string][]string
	// Catalogue are the models.
	Catalogue []phone.Model
	// Document puts settings into the elements of the maker's format.
	Document func(phone.Inputs, []flatxml.Element) flatxml.Element
	// Inside are the elements whose children are settings, for reading files back.
	Inside []string
	// Attributes stand at every setting.
	Attributes []flatxml.Attribute
	// Indexed says that a name which ends in a dot and a number is written without them, the number as an attribute.
	Indexed bool
	// Secrets are parameters whose value is sealed and masked; SecretParts are parts of their names, in lower case.
	Secrets, SecretParts []string
}

// Name is a file that these phones ask for. {mac} stands for 12 digits, {model} for letters and digits.
type Name struct {
	Pattern string
	Kind    phone.FileKind
	Made    bool // Linecard gives it; otherwise the phone hears 404 and goes on
}

// Setting is a parameter and its value.
type Setting struct {
	Name  string
	Value func(phone.Inputs) string
}

// New gives the maker that the template describes. It panics when the template is broken: it is part of the program.
func New(t Template) phone.Renderer {
	m := maker{Template: t}
	for _, a := range t.Agents {
		m.agents = append(m.agents, regexp.MustCompile(a))
	}
	for _, n := range t.Names {
		p := regexp.QuoteMeta(n.Pattern)
		p = strings.Replace(p, `\{mac\}`, `(?P<mac>[0-9A-Fa-f]{12})`, 1)
		p = strings.Replace(p, `\{model\}`, `(?P<model>[0-9A-Za-z]{2,12})`, 1)
		m.names = append(m.names, regexp.MustCompile("^"+p+"$"))
	}
	return m
}

type maker struct {
	Template
	agents, names []*regexp.Regexp
}

func (m maker) Maker() string { return m.Template.Maker }

// Owns says whether the MAC begins with a prefix of this maker.
func (m maker) Owns(mac phone.MAC) bool {
	return slices.ContainsFunc(m.Prefixes, func(p phone.MAC) bool { return mac[0] == p[0] && mac[1] == p[1] && mac[2] == p[2] })
}

// Secret says whether a parameter holds a password, a key or an address that may carry one.
func (m maker) Secret(parameter string) bool {
	lower := strings.ToLower(parameter)
	return slices.Contains(m.Secrets, parameter) || slices.ContainsFunc(m.SecretParts, func(p string) bool { return strings.Contains(lower, p) })
}

// Recognise reads path and User-Agent. The MAC in the path counts before the one in the User-Agent, and so for the model the
// other way round: file names have it in small letters.
func (m maker) Recognise(path, userAgent string) (phone.Identity, bool) {
	id := phone.Identity{Maker: m.Template.Maker, Kind: phone.Other, Name: path}
	named := m.readPath(&id, path)
	m.readAgent(&id, userAgent)
	return id, named || id.Sure
}

func (m maker) readPath(id *phone.Identity, path string) bool {
	folder, base := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		folder, base = path[:i+1], path[i+1:]
	}
	for i, n := range m.names {
		found := n.FindStringSubmatchIndex(base)
		if found == nil {
			continue
		}
		if g := n.SubexpIndex("mac"); g >= 0 {
			from, to := found[2*g], found[2*g+1]
			mac, _ := phone.HexMAC(base[from:to])
			if mac.IsZero() {
				return false
			}
			id.MAC, id.Name = mac, folder+base[:from]+mac.String()+base[to:]
		}
		if g := n.SubexpIndex("model"); g >= 0 {
			id.Model = strings.ToUpper(base[found[2*g]:found[2*g+1]])
		}
		id.Kind = m.Names[i].Kind
		return true
	}
	return false
}

func (m maker) readAgent(id *phone.Identity, userAgent string) {
	if len(userAgent) > 200 {
		return
	}
	for _, a := range m.agents {
		found := a.FindStringSubmatch(userAgent)
		if found == nil {
			continue
		}
		get := func(group string) string {
			if i := a.SubexpIndex(group); i >= 0 {
				return found[i]
			}
			return ""
		}
		id.Sure, id.Program, id.Model, id.Version = true, phone.Application, get("model"), get("version")
		if mac, ok := phone.HexMAC(get("mac")); ok && id.MAC.IsZero() {
			id.MAC = mac
		}
		return
	}
}

// modelName is what a model must be to stand in a file name.
var modelName = regexp.MustCompile(`^[0-9A-Za-z]{2,12}$`)

// Files names what is made for a phone, in the order in which it asks. A name with a model is left out while none is known.
func (m maker) Files(in phone.Inputs) []string {
	var files []string
	for _, n := range m.Names {
		if !n.Made || strings.Contains(n.Pattern, "{model}") && !modelName.MatchString(in.Model) {
			continue
		}
		files = append(files, strings.NewReplacer("{mac}", in.MAC.String(), "{model}", in.Model).Replace(n.Pattern))
	}
	return files
}

// Render makes the files of Files, all with the same content; any other name is NotFound. A name that carries the right MAC
// is made whatever model stands in it: the phone knows better than who entered one.
func (m maker) Render(name string, in phone.Inputs) (phone.File, error) {
	for i, n := range m.names {
		if !m.Names[i].Made || !n.MatchString(name) {
			continue
		}
		var id phone.Identity
		if m.readPath(&id, name) && id.Name == name && id.MAC == in.MAC {
			return m.render(in)
		}
	}
	return phone.File{}, phone.ErrNoFile
}

func (m maker) render(in phone.Inputs) (phone.File, error) {
	var all []flatxml.Element
	for _, s := range in.Complete(m.Gone) {
		all = append(all, m.element(s))
	}
	body, err := flatxml.Bytes(m.Document(in, all))
	if err != nil {
		return phone.File{}, err
	}
	return phone.File{Body: body, ContentType: flatxml.ContentType}, nil
}
