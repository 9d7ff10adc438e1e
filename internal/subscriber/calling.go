package subscriber

import (
	"context"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/revision"
)

// Calling says where the lines of a customer register, as far as a line does not say otherwise.
type Calling struct {
	Realm      string          `json:"realm,omitempty"` // domain of addresses of record; "": the first registrar
	Registrars []phone.Server  `json:"registrars,omitempty"`
	Proxies    []phone.Server  `json:"proxies,omitempty"` // outbound proxies
	Transport  phone.Transport `json:"transport,omitempty"`
	Expires    int             `json:"expires,omitempty"` // seconds; 0: the phone's own default
}

func (c Calling) realm() string {
	if c.Realm == "" && len(c.Registrars) > 0 {
		return c.Registrars[0].Host
	}
	return c.Realm
}

// maxServers is how many registrars or proxies there are at most: a pair, and room for a second one.
const maxServers = 4

// serverName is a name in the DNS in ASCII; an underscore is common in private ones.
var serverName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$`)

func host(c *errs.Checker, field, s string) string {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil && a.Zone() == "" {
		return a.String()
	}
	if len(s) > 253 || !serverName.MatchString(s) {
		c.Add(errs.Field{Name: field, Code: "bad_host", Message: "Give a host name or an IP address."})
	}
	return s
}

// servers checks addresses of registrars and proxies.
func servers(c *errs.Checker, field string, in []phone.Server) []phone.Server {
	if len(in) > maxServers {
		c.Add(errs.Field{Name: field, Code: "too_many", Message: "At most " + strconv.Itoa(maxServers) + " of them.", Params: map[string]string{"max": strconv.Itoa(maxServers)}})
		return nil
	}
	var out []phone.Server
	for i, v := range in {
		at := field + "[" + strconv.Itoa(i) + "]"
		v.Host = host(c, at+".host", v.Host)
		c.Range(at+".port", int64(v.Port), 0, 65535)
		out = append(out, v)
	}
	return out
}

func transport(c *errs.Checker, t phone.Transport) phone.Transport {
	return phone.Transport(c.OneOf("transport", string(t), string(phone.Auto), string(phone.UDP), string(phone.TCP), string(phone.TLS)))
}

// CallingOf gives where the lines of a customer register; the zero value when nobody said. The version is for SetCalling.
func (s *Service) CallingOf(ctx context.Context, actor access.Actor, customerID string) (Calling, int64, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.LineView, customerID); err != nil {
		return Calling{}, 0, err
	}
	return calling(ctx, s.db, customerID)
}

func calling(ctx context.Context, q db.Q, customerID string) (Calling, int64, error) {
	var r struct {
		Calling db.JSON[Calling] `db:"calling"`
		Version int64            `db:"version"`
	}
	err := q.Get(ctx, &r, `SELECT calling, version FROM subscriber_customers WHERE id = $1`, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return Calling{}, 0, nil
	}
	return r.Calling.V, r.Version, err
}

// SetCalling says where the lines of a customer register. All its phones get new files.
func (s *Service) SetCalling(ctx context.Context, actor access.Actor, customerID string, in Calling, ifVersion int64) (Calling, int64, error) {
	var c errs.Checker
	if in.Realm = strings.TrimSpace(in.Realm); in.Realm != "" {
		in.Realm = host(&c, "realm", in.Realm)
	}
	in.Registrars, in.Proxies = servers(&c, "registrars", in.Registrars), servers(&c, "proxies", in.Proxies)
	in.Transport = transport(&c, in.Transport)
	if in.Expires != 0 {
		c.Range("expires", int64(in.Expires), 10, 86400)
	}
	faults := c.Err()
	var version int64
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.CallingEdit, customerID, true)
		if err == nil {
			err = faults
		}
		if err != nil {
			return err
		}
		if err := shared(ctx, tx, t); err != nil {
			return err
		}
		_, was, err := calling(ctx, tx, t.ID)
		if err == nil && ifVersion != 0 && ifVersion != was {
			err = errStale
		}
		if err != nil {
			return err
		}
		version = was + 1
		if _, err := tx.Exec(ctx, `UPDATE subscriber_customers SET calling = $2, version = $3 WHERE id = $1`, t.ID, db.AsJSON(in), version); err != nil {
			return err
		}
		if err := revision.Bump(ctx, tx, revision.Customer, t.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "customer.calling_changed", Action: "calling/edit", Tenant: t.Access(),
			Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}})
	})
	return in, version, err
}
