package sim

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"linecard/internal/phone"
)

// State is what a phone remembers without power.
type State struct {
	MAC     phone.MAC         `json:"mac"`
	Version string            `json:"version,omitempty"` // of software that it has loaded; "" what it came with
	Updater string            `json:"updater,omitempty"`
	Files   map[string]string `json:"files,omitempty"`   // parameters that files have set
	Flash   map[string]string `json:"flash,omitempty"`   // Poly's device.*: they stay when no file says them any more
	Changed map[string]string `json:"changed,omitempty"` // what somebody changed on the phone
	Web     map[string]string `json:"web,omitempty"`     // Poly: what somebody changed on the phone's own web pages
	Sums    map[string]string `json:"sums,omitempty"`    // Yealink: of the files that were applied last
	Tried   string            `json:"tried,omitempty"`   // Yealink: the image that was looked at last
	Applied string            `json:"applied,omitempty"` // hash of the configuration that the phone started with last
	// Account is what a configuration told the phone to use from then on; nil: what it came with.
	Account *Account `json:"account,omitempty"`
	// Parameters are what is in force; it follows from the others and is not read back.
	Parameters map[string]string `json:"-"`
}

// Account is where a phone asks and as whom.
type Account struct {
	Base     string `json:"base"`
	User     string `json:"user"`
	Password string `json:"password"`
}

// State gives a copy of what the phone remembers, with the parameters in force.
func (p *Phone) State() State {
	s := p.kept
	s.MAC = p.MAC
	for _, m := range []*map[string]string{&s.Files, &s.Flash, &s.Changed, &s.Web, &s.Sums} {
		*m = maps.Clone(*m)
	}
	if s.Account != nil {
		a := *s.Account
		s.Account = &a
	}
	s.Parameters = p.Parameters()
	return s
}

// Restore puts back what a phone remembered.
func (p *Phone) Restore(s State) error {
	if s.MAC != p.MAC {
		return errors.New("sim: this is the memory of another phone")
	}
	s.Parameters = nil
	p.kept = s
	p.software()
	return nil
}

// software makes the phone call itself by the software it has loaded.
func (p *Phone) software() {
	if p.kept.Version != "" {
		p.Version = p.kept.Version
	}
	if p.kept.Updater != "" {
		p.Updater = p.kept.Updater
	}
}

// Parameters are the settings in force; empty before the first successful boot. What was changed on the phone is above what
// files say, and that above what is in flash (poly.md 3.3; the other makers have dropped what a file overrules).
func (p *Phone) Parameters() map[string]string {
	all := map[string]string{}
	for _, m := range []map[string]string{p.kept.Flash, p.kept.Files, p.kept.Web, p.kept.Changed} {
		maps.Copy(all, m)
	}
	return all
}

// Reset is the way back to the factory: nothing stays but the software, and the phone asks where it was told to at first.
func (p *Phone) Reset() {
	p.hangUp()
	p.last, p.dirty = nil, false
	p.kept = State{Version: p.kept.Version, Updater: p.kept.Updater}
}

// base is the provisioning address now.
func (p *Phone) base() string {
	if a := p.kept.Account; a != nil && a.Base != "" {
		return a.Base
	}
	return p.Base
}

func (p *Phone) credentials() (user, password string) {
	if a := p.kept.Account; a != nil {
		return a.User, a.Password
	}
	return p.User, p.Password
}

// adopt takes the account that a configuration installs. What it does not say stays as the phone came.
func (p *Phone) adopt(base, user, password *string) {
	if p.KeepAccount {
		return
	}
	if base == nil && user == nil && password == nil {
		if p.kept.Account != nil {
			p.kept.Account, p.last = nil, nil
		}
		return
	}
	a := Account{Base: p.Base, User: p.User, Password: p.Password}
	for _, v := range []struct {
		from *string
		to   *string
	}{{base, &a.Base}, {user, &a.User}, {password, &a.Password}} {
		if v.from != nil {
			*v.to = *v.from
		}
	}
	a.Base = strings.TrimSuffix(a.Base, "/")
	if p.kept.Account == nil || *p.kept.Account != a {
		p.kept.Account, p.last = &a, nil
	}
}

// apply puts what files say in force. A phone restarts with it when any of it differs from what it had.
func (p *Phone) apply(t *Trip, files, flash map[string]string) {
	t.Configured = true
	p.kept.Files, p.kept.Flash = files, flash
	if h := hash(files, flash); h != p.kept.Applied {
		if p.kept.Applied != "" {
			t.Changed = true
			p.Restarts++
		}
		p.kept.Applied = h
	}
}

// hash is of parameters, not of bytes: a phone restarts when values differ (UC Software: check-sync).
func hash(all ...map[string]string) string {
	h := sha256.New()
	for i, parameters := range all {
		for _, k := range slices.Sorted(maps.Keys(parameters)) {
			fmt.Fprintf(h, "%d\x00%s\x00%s\x00", i, k, parameters[k])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// WriteStates keeps a fleet's memory: a line of JSON a phone.
func WriteStates(w io.Writer, phones []*Phone) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	for _, p := range phones {
		if err := enc.Encode(p.State()); err != nil {
			return err
		}
	}
	return out.Flush()
}

// ReadStates reads what WriteStates wrote, by address; a broken line is an error that names it.
func ReadStates(r io.Reader) (map[phone.MAC]State, error) {
	all := map[phone.MAC]State{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxBody)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var s State
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil || s.MAC.IsZero() {
			return nil, fmt.Errorf("line %d is no memory of a phone", n)
		}
		all[s.MAC] = s
	}
	return all, lines.Err()
}
