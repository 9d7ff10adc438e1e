package sim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Software: a phone reads the head of an image and goes on only when it is another version (inferred; what is sourced is that
// a phone that runs it loads nothing, and that images are asked for first under the part number).

// headBytes is how much of an image a phone reads to learn its version.
const headBytes = 64 << 10

// versionText finds a version in the head of an image (inferred: no source shows the format).
var versionText = regexp.MustCompile(`\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,5}\b`)

// imageNames are what a Poly phone tries: first under its part number, then as named (seen on VVX 400, 500 and CCX 600).
func (p *Phone) imageNames(appFile string) []string {
	if p.Part == "" {
		return []string{appFile}
	}
	dir, base := path.Split(appFile)
	return []string{dir + p.Part + "." + base, appFile}
}

// glance asks for an image and cuts the transfer after its head; version is "" when there is none or it does not tell.
func (p *Phone) glance(ctx context.Context, t *Trip, names []string) (name, version string) {
	for _, name := range names {
		var head []byte
		read := func(res *http.Response) (int64, bool, error) {
			var err error
			head, err = io.ReadAll(io.LimitReader(res.Body, headBytes))
			if p.Choices.WholeImage && err == nil {
				rest, err := io.Copy(io.Discard, res.Body)
				return int64(len(head)) + rest, false, err
			}
			return int64(len(head)), res.ContentLength != int64(len(head)), err
		}
		a := p.send(ctx, t, request{method: http.MethodGet, path: name, agent: p.agent("Application", p.Serial), sink: read, basis: Sourced})
		if a.status != http.StatusNotFound {
			return name, string(versionText.Find(head))
		}
	}
	return "", ""
}

// upgrade is what follows when another version is found: the application ends, the updater asks for the master file and loads
// the image (inferred, consistent with a published boot log). false: the phone stays with what it has.
func (p *Phone) upgrade(ctx context.Context, t *Trip, name, version string) bool {
	if p.cannot(version) {
		t.Stuck = version
		return false
	}
	p.hangUp()
	p.last = nil
	program := "Application"
	if p.Maker == Poly {
		program = "Updater"
		if _, ok := p.master(ctx, t, program); !ok {
			return false
		}
	}
	if !p.download(ctx, t, name, p.agent(program, p.Serial)) {
		return false
	}
	p.kept.Version = version
	if p.Maker == Poly {
		p.kept.Updater = version
	}
	p.software()
	t.Upgraded, t.loaded = version, true
	return true
}

// cannot is the step that VVX phones need: images from 5.9.8 on are signed with a key that updaters before 5.7.3 do not have
// (field upgrade notes).
func (p *Phone) cannot(version string) bool {
	return p.Family == "PolycomVVX" && before(p.Updater, "5.7.3") && !before(version, "5.9.8")
}

// before compares versions number by number.
func before(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		m, _ := strconv.Atoi(x[i])
		n, _ := strconv.Atoi(y[i])
		if m != n {
			return m < n
		}
	}
	return len(x) < len(y)
}

var errBroken = errors.New("the line broke")

// download loads an image wholly. When Break says so the line breaks once; the phone then goes on where it was, or begins anew
// when the server or its own choice has it so.
func (p *Phone) download(ctx context.Context, t *Trip, name, agent string) bool {
	var have, size int64
	for n := range attempts + 1 {
		r := request{method: http.MethodGet, path: name, agent: agent, basis: Inferred}
		if !p.Choices.NoRange {
			r.from = have
		}
		r.sink = func(res *http.Response) (int64, bool, error) {
			if res.StatusCode != http.StatusPartialContent {
				have, size = 0, res.ContentLength
			}
			body := io.Reader(res.Body)
			if n == 0 && p.Break > 0 {
				body = io.LimitReader(body, p.Break)
			}
			got, err := io.Copy(io.Discard, body)
			have += got
			return got, size >= 0 && have < size, err
		}
		a := p.send(ctx, t, r)
		if a.status == http.StatusOK || a.status == http.StatusPartialContent {
			if have == size || size < 0 && !a.cut {
				return true
			}
		} else if a.status != 0 && a.status < 500 && a.status != http.StatusTooManyRequests {
			t.Fault = fault(p.label(name), a.status)
			return false
		}
		if (a.status == 0 || a.status >= 400) && !pause(ctx, p.Retry) {
			return false
		}
	}
	t.Fault = p.label(name) + ": " + errBroken.Error()
	return false
}
