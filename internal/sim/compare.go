package sim

import (
	"context"
	"maps"
	"path"
	"slices"
	"sync"
	"time"
)

// Compare lets phones ask two servers and finds what they would be configured with differently. Nothing is uploaded, no software
// is loaded, and no account that the new server installs is used: a look must not claim a phone.
type Compare struct {
	Old, New Side
	Clock    Clock
	Ignore   []string // patterns of parameter names that may differ, as path.Match has them
	Parallel int      // 0: 4
	Retry    time.Duration
}

// Side is a server and the account for it.
type Side struct {
	Base           string
	User, Password string
	Auth           Auth
	Trust          *Trust
}

// Verdict is what comparing a phone comes to.
type Verdict string

// The verdicts. Missing is a phone that one server, or both, gave no configuration.
const (
	Equal   Verdict = "equal"
	Differs Verdict = "differs"
	Missing Verdict = "missing"
)

// Compared is a phone and what it would get.
type Compared struct {
	Identity   Identity
	Verdict    Verdict
	Parameters int    // in force from the new server
	OldFault   string // why the old server did not configure it; "" it did
	NewFault   string
	Different  []Different // sorted by name
}

// Different is a parameter that differs; nil is one that is not set.
type Different struct {
	Name     string
	Old, New *string
}

// Run compares the phones and tells each in the order of the list. It stops when tell gives an error or the context ends.
func (c Compare) Run(ctx context.Context, ids []Identity, tell func(Compared) error) error {
	parallel := c.Parallel
	if parallel == 0 {
		parallel = 4
	}
	for batch := range slices.Chunk(ids, 16*parallel) {
		out := make([]Compared, len(batch))
		errs := make([]error, len(batch))
		places := make(chan struct{}, parallel)
		var all sync.WaitGroup
		for i, id := range batch {
			places <- struct{}{}
			all.Go(func() {
				out[i], errs[i] = c.one(ctx, id)
				<-places
			})
		}
		all.Wait()
		for i := range out {
			if errs[i] != nil {
				return errs[i]
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := tell(out[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c Compare) one(ctx context.Context, id Identity) (Compared, error) {
	out := Compared{Identity: id}
	before, fault, err := c.look(ctx, id, c.Old, false)
	if err != nil {
		return out, err
	}
	out.OldFault = fault
	after, fault, err := c.look(ctx, id, c.New, true)
	if err != nil {
		return out, err
	}
	out.NewFault, out.Parameters = fault, len(after)
	if out.OldFault != "" || out.NewFault != "" {
		out.Verdict = Missing
		return out, nil
	}
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		old, had := before[name]
		now, has := after[name]
		if had == has && old == now || slices.ContainsFunc(c.Ignore, func(p string) bool { ok, _ := path.Match(p, name); return ok }) {
			continue
		}
		d := Different{Name: name}
		if had {
			d.Old = &old
		}
		if has {
			d.New = &now
		}
		out.Different = append(out.Different, d)
	}
	out.Verdict = Equal
	if len(out.Different) > 0 {
		out.Verdict = Differs
	}
	return out, nil
}

// look gives what a phone fresh from the factory would have in force after asking this server.
func (c Compare) look(ctx context.Context, id Identity, s Side, ours bool) (map[string]string, string, error) {
	p, err := New(Options{Identity: id, Base: s.Base, User: s.User, Password: s.Password, Auth: s.Auth, Trust: s.Trust, Clock: c.Clock, Retry: c.Retry,
		Remember: true, NoImages: true, KeepAccount: ours})
	if err != nil {
		return nil, "", err
	}
	defer p.Close()
	t := p.Poll(ctx)
	// A first file may only say where the real one is; twice is as far as such chains go (Cisco's by model and then by address).
	for range 2 {
		rule := p.kept.Files["Profile_Rule"]
		if id.Maker != Cisco || !t.Configured || rule == "" || rule == p.Rule {
			break
		}
		p.Rule = rule
		t = p.Poll(ctx)
	}
	all := p.Parameters()
	if p.dirs.appFile != "" {
		all["APP_FILE_PATH"] = p.dirs.appFile
	}
	return all, t.Fault, nil
}
