package phone

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Complete are the settings with what makes the phone forget those of Once that are not among them, sorted by name. gone is
// the maker's Gone.
func (in Inputs) Complete(gone func(string) (Setting, bool)) []Setting {
	all := ByName(slices.Clone(in.Settings))
	set := all
	for _, name := range in.Once {
		s, ok := gone(name)
		if !ok || s.Name == "" {
			continue
		}
		if _, have := slices.BinarySearchFunc(set, s.Name, func(x Setting, n string) int { return cmp.Compare(x.Name, n) }); !have {
			all = append(all, s)
		}
	}
	return ByName(all)
}

// Auth is who authenticates: AuthUser, else User.
func (l Line) Auth() string {
	if l.AuthUser != "" {
		return l.AuthUser
	}
	return l.User
}

// Shown is what a key of the line shows: Label, else DisplayName, else User.
func (l Line) Shown() string {
	for _, s := range []string{l.Label, l.DisplayName} {
		if s != "" {
			return s
		}
	}
	return l.User
}

// On is the registration that a key uses, the first when it names none.
func (k Key) On() int { return max(k.Line, 1) }

// Has says whether the layout has a line of this number.
func (l Layout) Has(number int) bool {
	return slices.ContainsFunc(l.Lines, func(line Line) bool { return line.Number == number })
}

// GoneLines are the numbers up to Ever that no line has now.
func (l Layout) GoneLines() []int {
	var gone []int
	for n := 1; n <= l.Ever && n <= MaxLines; n++ {
		if !l.Has(n) {
			gone = append(gone, n)
		}
	}
	return gone
}

// MaxLines bounds the numbers of lines: no phone here has more registrations.
const MaxLines = 100

// Split parts the lines that a model with so many accounts takes from those that it cannot; 0 accounts is not known and
// takes all up to most, which is what the maker can spell.
func (l Layout) Split(accounts, most int) (lines []Line, misfits []Misfit) {
	if accounts == 0 || accounts > most {
		accounts = most
	}
	for _, line := range l.Lines {
		if line.Number < 1 || line.Number > accounts {
			misfits = append(misfits, Misfit{Line: line.Number, Code: "line_no_such_number", Reason: "Of this phone lines 1 to " + strconv.Itoa(accounts) + " can be set."})
			continue
		}
		lines = append(lines, line)
	}
	return lines, misfits
}

// HostPort is host:port, the host alone for the transport's own port; "" for no server.
func (s Server) HostPort() string {
	if s.Port == 0 || s.Host == "" {
		return s.Host
	}
	return net.JoinHostPort(strings.Trim(s.Host, "[]"), strconv.Itoa(s.Port))
}

// At gives the n-th server, counted from 1; the zero value when there are fewer.
func At(servers []Server, n int) Server {
	if n < 1 || n > len(servers) {
		return Server{}
	}
	return servers[n-1]
}

// Shows is what a key shows: its label, else its target.
func (k Key) Shows() string {
	if k.Label != "" {
		return k.Label
	}
	return k.Target
}

// Sorted puts a spelling into the order in which settings travel.
func (s Spelling) Sorted() Spelling {
	ByName(s.Identity)
	ByName(s.Rest)
	slices.Sort(s.Gone)
	s.Gone = slices.Compact(s.Gone)
	return s
}

// WithoutTaken takes from Gone what Identity or Rest set.
func (s Spelling) WithoutTaken() Spelling {
	taken := make(map[string]bool, len(s.Rest))
	for _, set := range [][]Setting{s.Identity, s.Rest} {
		for _, x := range set {
			taken[x.Name] = true
		}
	}
	s.Gone = slices.DeleteFunc(s.Gone, func(name string) bool { return taken[name] })
	return s
}
