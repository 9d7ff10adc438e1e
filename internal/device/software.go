package device

import (
	"context"
	"net/url"
	"strings"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/firmware"
)

// Software is where phones of a customer get software when their site does not say, and when they are told of a new version.
type Software struct {
	Paths  firmware.Paths
	Window firmware.Window
}

// SoftwarePatch is a partial change of Software; nil leaves a field as it is.
type SoftwarePatch struct {
	Internet, Enterprise *string // "" takes the path away (DM-175)
	Window               *firmware.Window
}

func (c customerRow) software() Software {
	return Software{Paths: firmware.Paths{Internet: c.Internet, Enterprise: c.Enterprise},
		Window: firmware.Window{Start: c.SoftwareStart, End: c.SoftwareEnd, Days: c.SoftwareDays}}
}

// SoftwareOf gives a customer's settings of software and its time zone, for whoever makes phones' files. It decides nothing.
func (s *Service) SoftwareOf(ctx context.Context, q db.Q, customerID string) (Software, *time.Location, error) {
	c, err := load(ctx, q, customerID)
	if err != nil {
		return Software{}, nil, err
	}
	var zone string
	if err := q.Get(ctx, &zone, `SELECT time_zone FROM tenant_tenants WHERE id = $1`, customerID); err != nil {
		return Software{}, nil, err
	}
	at, err := time.LoadLocation(zone)
	if err != nil {
		at = time.UTC // it was checked when it was entered; this computer knows fewer zones
	}
	return c.software(), at, nil
}

// apply changes the row and names what differs now. Paths were checked before.
func (p SoftwarePatch) apply(c *customerRow) []string {
	was := c.software()
	if p.Internet != nil {
		c.Internet = canonicalPath(*p.Internet)
	}
	if p.Enterprise != nil {
		c.Enterprise = canonicalPath(*p.Enterprise)
	}
	if p.Window != nil {
		w := *p.Window
		if w.Always() {
			w = firmware.Window{}
		}
		c.SoftwareStart, c.SoftwareEnd, c.SoftwareDays = w.Start, w.End, w.Days
	}
	var changed []string
	if c.software().Paths != was.Paths {
		changed = append(changed, "download_paths")
	}
	if c.software().Window != was.Window {
		changed = append(changed, "software_window")
	}
	return changed
}

func canonicalPath(s string) string {
	s = strings.TrimSpace(s)
	if s != "" && !strings.HasSuffix(s, "/") {
		s += "/"
	}
	return s
}

// check refuses addresses that phones could not use: https, a host, and no account, query or escaped character (DM-175; phones do not
// understand escapes in addresses).
func (p SoftwarePatch) check(c *errs.Checker) {
	for _, f := range []struct {
		name string
		text *string
	}{{"download_paths.internet", p.Internet}, {"download_paths.enterprise", p.Enterprise}} {
		if f.text == nil || strings.TrimSpace(*f.text) == "" {
			continue
		}
		text := c.Text(f.name, *f.text, 0, 200)
		u, err := url.Parse(text)
		if !c.Failed(f.name) && (err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery ||
			strings.ContainsAny(text, "%\"<> \\|,") || strings.Contains(u.Path, "..")) {
			c.Add(errs.Field{Name: f.name, Code: "bad_download_address", Message: "Give an address like https://relay.example.com/ without account or query."})
		}
	}
	if p.Window != nil {
		for _, f := range p.Window.Faults() {
			c.Add(f)
		}
	}
}
