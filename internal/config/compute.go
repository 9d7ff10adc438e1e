package config

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"slices"
	"strings"

	"linecard/internal/db"
	"linecard/internal/phone"
)

// concerned is a phone for which a plan makes a difference.
type concerned struct {
	DeviceID   string `db:"device_id"`
	CustomerID string `db:"customer_id"`
	Digest     string `db:"digest"`
}

// outcome is what a plan would do.
type outcome struct {
	looked    int64
	concerned []concerned
	summary   Summary
	digest    string
}

// samplesMost bounds the different changes that a plan shows as a sample.
const samplesMost = 20

// tally collects what a plan would do, phone by phone.
type tally struct {
	out      outcome
	sum      hash.Hash
	models   map[[2]string]int64
	kinds    map[string]*Sample // by digest
	order    []string           // of kinds, as met
	warnings map[string]*Warning
	stays    map[string]bool
	sticks   map[string]bool
}

func newTally() *tally {
	return &tally{sum: sha256.New(), models: map[[2]string]int64{}, kinds: map[string]*Sample{}, warnings: map[string]*Warning{}, stays: map[string]bool{}, sticks: map[string]bool{}}
}

// customer adds the phones of a customer: each is resolved without and with the change. Trials of other plans are left out, so a plan
// says what the change does to what is in force for all.
func (t *tally) customer(ctx context.Context, s *Service, q db.Q, c customer, name string, change Change, progress func(int64) error) error {
	e, _, err := s.estateOf(ctx, c)
	if err != nil {
		return err
	}
	with, err := change.on(e)
	if err != nil {
		return err
	}
	before := int64(len(t.out.concerned))
	err = s.eachOwn(ctx, q, c.id, func(o own) error {
		if t.out.looked++; t.out.looked%1000 == 0 {
			if err := progress(t.out.looked); err != nil {
				return err
			}
		}
		e.place(&o, stored(o))
		return t.phone(e, with, o)
	})
	if n := int64(len(t.out.concerned)) - before; err == nil && n > 0 {
		t.out.summary.ByCustomer = append(t.out.summary.ByCustomer, CustomerCount{c.id, name, n})
	}
	return err
}

// phone adds one phone.
func (t *tally) phone(e *estate, with *changed, o own) error {
	then, err := with.phone(o)
	if err != nil {
		return err
	}
	was, err := e.resolve(&o, false)
	if err != nil {
		return nil //nolint:nilerr // a phone of a maker that this program does not know gets nothing before and after
	}
	will, err := with.resolve(&then, false)
	if err != nil {
		return err
	}
	had, hadNone := e.target(&o, was)
	gets, getsNone := with.target(&then, will)
	software := [2]string{had, gets}
	all := differ(was.values, will.values)
	if len(all) == 0 && software[0] == software[1] {
		return nil
	}
	digest := digestOf(o.Maker, all, software)
	t.out.concerned = append(t.out.concerned, concerned{o.DeviceID, o.CustomerID, digest})
	write(t.sum, o.DeviceID, digest)
	t.models[[2]string{o.Maker, o.model}]++
	kept := stays(will.maker, all)
	for _, name := range kept {
		t.stays[name] = true
	}
	for _, name := range stays(will.maker, reversed(all)) {
		t.sticks[name] = true
	}
	if len(kept) > 0 {
		t.warn(StaysOnPhone, "What is taken away stays on these phones, because they keep what they once got.", o.DeviceID)
	}
	if locksOut(will, &then, all) {
		t.warn(LocksOut, "These phones would be told another provisioning address or account than their own, and might not come back.", o.DeviceID)
	}
	if getsNone && !hadNone {
		t.warn(ImageMissing, "The software that is selected is not there any more. These phones keep what they run.", o.DeviceID)
	}
	k, known := t.kinds[digest]
	if !known {
		k = &Sample{CustomerID: o.CustomerID, DeviceID: o.DeviceID, Stays: kept}
		t.kinds[digest], t.order = k, append(t.order, digest)
		if len(t.order) <= samplesMost*5 { // the rarest of many are not worth the work
			files := e.diffs(&o, was, with.estate, &then, will)
			if len(files) > 0 {
				k.Name, k.Diff = files[0].Name, files[0].Diff
			}
		}
	}
	k.Devices++
	return nil
}

func (t *tally) warn(code, message, deviceID string) {
	w := t.warnings[code]
	if w == nil {
		w = &Warning{Code: code, Message: message, Sample: deviceID}
		t.warnings[code] = w
	}
	w.Devices++
}

// anybody is an account by whose spelling the parameters are known that say where a phone asks, and as whom.
var anybody = phone.Account{User: "anybody-user", Password: "anybody-password", Server: "https://anybody.example"}

// locksOut says whether a change touches where the phone asks or with which account, and leaves it with something else than its
// own: then it might not come back.
func locksOut(r resolved, o *own, all []difference) bool {
	mine := map[string]string{}
	for _, s := range account(r.maker, o) {
		mine[s.Name] = s.Value
	}
	for _, s := range r.maker.Account(anybody) {
		if !strings.Contains(s.Value, anybody.User) && !strings.Contains(s.Value, anybody.Password) && !strings.Contains(s.Value, anybody.Server) {
			continue // a switch beside them
		}
		i := slices.IndexFunc(all, func(d difference) bool { return d.name == s.Name })
		if i < 0 || all[i].has && all[i].after != "" && mine[s.Name] == all[i].after {
			continue
		}
		if all[i].has || mine[s.Name] != "" {
			return true
		}
	}
	return false
}

// done gives the outcome, the most frequent first.
func (t *tally) done() outcome {
	out := t.out
	out.digest = base64.RawURLEncoding.EncodeToString(t.sum.Sum(nil))
	s := &out.summary
	s.Distinct = len(t.order)
	for m, n := range t.models {
		s.ByModel = append(s.ByModel, ModelCount{Maker: m[0], Model: m[1], Devices: n})
	}
	slices.SortFunc(s.ByModel, func(a, b ModelCount) int {
		return cmp.Or(cmp.Compare(b.Devices, a.Devices), cmp.Compare(a.Maker, b.Maker), cmp.Compare(a.Model, b.Model))
	})
	slices.SortStableFunc(s.ByCustomer, func(a, b CustomerCount) int { return cmp.Compare(b.Devices, a.Devices) })
	for _, digest := range t.order {
		s.Samples = append(s.Samples, *t.kinds[digest])
	}
	slices.SortStableFunc(s.Samples, func(a, b Sample) int { return cmp.Compare(b.Devices, a.Devices) })
	s.Samples = s.Samples[:min(len(s.Samples), samplesMost)]
	for _, w := range t.warnings {
		s.Warnings = append(s.Warnings, *w)
	}
	slices.SortFunc(s.Warnings, func(a, b Warning) int { return cmp.Compare(a.Code, b.Code) })
	for name := range t.stays {
		s.Stays = append(s.Stays, name)
	}
	slices.Sort(s.Stays)
	for name := range t.sticks {
		s.Sticks = append(s.Sticks, name)
	}
	slices.Sort(s.Sticks)
	return out
}
