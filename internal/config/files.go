package config

import (
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"linecard/internal/phone"
)

// FileDiff is how one file of a phone becomes different. Secrets are masked.
type FileDiff struct {
	Name string
	Diff string // unified
}

// The masks of secrets in files that people look at.
const (
	masked      = "********"
	maskedOther = "******** (changed)"
)

// diffs renders the files of a phone before and after a change and compares them. Files that do not differ are left out; one that
// cannot be rendered counts as empty.
func (e *estate) diffs(was *own, before resolved, then *estate, will *own, after resolved) []FileDiff {
	a, b := e.inputs(was, before, true), then.inputs(will, after, true)
	x, _ := e.choose(was, before, time.Time{})
	y, _ := then.choose(will, after, time.Time{})
	a.Image, b.Image = x.Image, y.Image
	mask(before.maker, a.Settings, b.Settings)
	var out []FileDiff
	for _, name := range names(after.maker, a, b) {
		x, y := render(before.maker, name, a), render(after.maker, name, b)
		if d := diff.Diff(name+" (now)", x, name+" (then)", y); len(d) > 0 {
			out = append(out, FileDiff{Name: name, Diff: withoutCommand(string(d))})
		}
	}
	return out
}

// withoutCommand leaves out the first line, which names a command.
func withoutCommand(d string) string {
	if strings.HasPrefix(d, "diff ") {
		_, d, _ = strings.Cut(d, "\n")
	}
	return d
}

// mask hides secrets; those that differ say so.
func mask(maker phone.Renderer, before, after []phone.Setting) {
	had := make(map[string]string, len(before))
	for i, s := range before {
		if phone.Hidden(maker, s) {
			had[s.Name], before[i].Value = s.Value, masked
		}
	}
	for i, s := range after {
		if !phone.Hidden(maker, s) {
			continue
		}
		after[i].Value = masked
		if v, ok := had[s.Name]; ok && v != s.Value {
			after[i].Value = maskedOther
		}
	}
}

// names gives the files of a phone before or after, each once.
func names(maker phone.Renderer, a, b phone.Inputs) []string {
	all := maker.Files(b)
	have := map[string]bool{}
	for _, n := range all {
		have[n] = true
	}
	for _, n := range maker.Files(a) {
		if !have[n] {
			all = append(all, n)
		}
	}
	return all
}

func render(maker phone.Renderer, name string, in phone.Inputs) []byte {
	f, err := maker.Render(name, in)
	if err != nil {
		return nil
	}
	return f.Body
}
