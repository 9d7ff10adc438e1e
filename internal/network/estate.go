package network

import (
	"slices"
	"strings"

	"linecard/internal/db"
)

// estate is all sites of a customer, as a change finds and leaves them. Rules between sites are checked here, in memory, under
// the lock of the customer's row; the constraints of the tables say the same.
type estate struct {
	sites  map[string]Site // by id
	byName map[string]string
	owner  map[pair]string
}

func newEstate(sites []Site) *estate {
	e := &estate{sites: map[string]Site{}, byName: map[string]string{}, owner: map[pair]string{}}
	for _, s := range sites {
		e.set(s)
	}
	return e
}

func (e *estate) set(s Site) {
	e.sites[s.ID], e.byName[s.NameFold] = s, s.ID
	for _, p := range s.pairs() {
		e.owner[p] = s.ID
	}
}

// drop takes a site out; what it did not own stays.
func (e *estate) drop(id string) {
	s, ok := e.sites[id]
	if !ok {
		return
	}
	for _, p := range s.pairs() {
		if e.owner[p] == id {
			delete(e.owner, p)
		}
	}
	delete(e.byName, s.NameFold)
	delete(e.sites, id)
}

// named gives the site of that name in any case.
func (e *estate) named(name string) (Site, bool) {
	s, ok := e.sites[e.byName[db.Fold(name)]]
	return s, ok
}

// admit says whether s may stand among the other sites: its name is free, nobody has one of its subnets, the limits hold.
func (e *estate) admit(s Site) error {
	if id, used := e.byName[s.NameFold]; used && id != s.ID {
		return errName
	}
	mine := 0
	if was, known := e.sites[s.ID]; known {
		mine = len(was.pairs())
	} else if len(e.sites) >= MaxSites {
		return errLimit
	}
	pairs := s.pairs()
	if len(e.owner)-mine+len(pairs) > maxPairs {
		return errPairs
	}
	for _, p := range pairs {
		if id, used := e.owner[p]; used && id != s.ID {
			return errTaken.With("site", e.sites[id].Name).With("subnet", p.String())
		}
	}
	return nil
}

// list gives the sites in the order of their names.
func (e *estate) list() []Site {
	out := make([]Site, 0, len(e.sites))
	for _, s := range e.sites {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Site) int { return strings.Compare(a.NameFold, b.NameFold) })
	return out
}

func (p pair) String() string {
	if !p.private.IsValid() {
		return p.public.String()
	}
	return p.public.String() + " + " + p.private.String()
}

// step is what happens to one site: it comes (before nil), changes, or goes (after nil).
type step struct {
	before, after *Site
	fields        []string // what differs
}

// moved says whether phones can be at another site afterwards.
func (s step) moved() bool {
	return s.before == nil || s.after == nil || !equal(s.before.Subnets, s.after.Subnets)
}
