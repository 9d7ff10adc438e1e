package registrar

import (
	"context"
	"crypto/subtle"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"time"

	"linecard/internal/errs"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
)

// DirectoryPath is where FreeSWITCH looks users up. Its module mod_xml_curl is told this address for the binding "directory", and
// gateway-credentials of the registrar's id and secret.
const DirectoryPath = "/registrar/directory"

// Directory answers the lookups of mod_xml_curl (HTTP Basic, POST form): a user with the digest of its password, or "not found". What a
// phone has proved in a lookup is noted as its registration, because FreeSWITCH shows us the answer of the phone to its challenge.
// It counts only what we have checked ourselves; for how long it lasts FreeSWITCH does not say.
func (s *Service) Directory() http.Handler { return http.HandlerFunc(s.lookup) }

// largestLookup bounds the form; FreeSWITCH sends two or three kilobytes.
const largestLookup = 64 << 10

func (s *Service) lookup(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	v, err := s.caller(r)
	if err != nil {
		if errs.KindOf(err) == errs.Forbidden {
			h.Set("WWW-Authenticate", `Basic realm="registrar"`)
			http.Error(w, "Not signed in.", http.StatusUnauthorized)
			return
		}
		http.Error(w, "Not available.", http.StatusServiceUnavailable)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, largestLookup)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "Not a form.", http.StatusBadRequest)
		return
	}
	c, found, err := s.find(r.Context(), v, r.PostForm)
	if err != nil {
		s.log.WarnContext(r.Context(), "a registrar's lookup failed", "registrar", v.ID, "error", errs.CodeOf(err))
		http.Error(w, "Not available.", http.StatusServiceUnavailable)
		return
	}
	h.Set("Content-Type", "text/xml; charset=utf-8")
	if !found {
		_, _ = w.Write([]byte(notFound))
		return
	}
	_, _ = w.Write(userDocument(v.Domain, c))
}

// caller gives the registrar that asks. An unknown one takes as long as a wrong secret.
func (s *Service) caller(r *http.Request) (Platform, error) {
	id, given, _ := r.BasicAuth()
	v, err := platformOf(r.Context(), s.db, "", id)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return v, err
	}
	known := err == nil && v.Kind == FreeSWITCH && v.Enabled && v.Secret != nil
	word := "a secret that nobody has"
	if known {
		if word, err = s.open(v, "secret", v.Secret); err != nil {
			return v, err
		}
	}
	if !secret.Hide(given).Equal(secret.Hide(word)) || !known {
		return Platform{}, errLocked
	}
	return v, nil
}

// find gives the credentials that a lookup is about. It answers for names that register and for nothing else: a user without a digest
// would be let in without a password.
func (s *Service) find(ctx context.Context, v Platform, form url.Values) (subscriber.Credential, bool, error) {
	name := form.Get("sip_auth_username")
	if name == "" {
		name = form.Get("user")
	}
	if form.Get("section") != "directory" || name == "" || len(name) > 64 || !strings.EqualFold(form.Get("domain"), v.Domain) {
		return subscriber.Credential{}, false, nil
	}
	var p waiting
	err := s.db.Get(ctx, &p, `SELECT p.id, p.line_id, p.customer_id, p.user_part, p.wanted, p.leaving, p.generation, p.next_auth_id FROM registrar_publications p
		JOIN subscriber_lines l ON l.id = p.line_id WHERE p.platform_id = $1 AND p.wanted AND (l.auth_id = $2 OR l.next_auth_id = $3)`, v.ID, name, name)
	if err != nil {
		return subscriber.Credential{}, false, gone(err)
	}
	all, err := s.lines.Credentials(ctx, s.db, []string{p.LineID})
	if err != nil {
		return subscriber.Credential{}, false, err
	}
	for _, c := range all {
		if subtle.ConstantTimeCompare([]byte(c.AuthID), []byte(name)) != 1 {
			continue
		}
		// Nobody registers another's address of record with credentials of its own.
		for _, field := range []string{"sip_to_user", "sip_from_user"} {
			if form.Get("sip_auth_method") == "REGISTER" && form.Has(field) && form.Get(field) != c.User {
				return subscriber.Credential{}, false, nil
			}
		}
		return c, true, s.proved(ctx, v, p, c, form)
	}
	return subscriber.Credential{}, false, nil
}

// noteEvery spares the database: a registration is noted once in this time.
const noteEvery = 30 * time.Second

// proved notes a registration when the phone has answered the challenge rightly (RFC 2617, section 3.2.2).
func (s *Service) proved(ctx context.Context, v Platform, p waiting, c subscriber.Credential, form url.Values) error {
	if form.Get("sip_auth_method") != "REGISTER" || form.Get("sip_auth_response") == "" {
		return nil
	}
	ha1 := accountOf(c, v.Domain).HA1
	ha2 := hash("REGISTER:" + form.Get("sip_auth_uri"))
	want := hash(ha1 + ":" + form.Get("sip_auth_nonce") + ":" + ha2)
	if qop := form.Get("sip_auth_qop"); qop != "" {
		want = hash(ha1 + ":" + form.Get("sip_auth_nonce") + ":" + form.Get("sip_auth_nc") + ":" + form.Get("sip_auth_cnonce") + ":" + qop + ":" + ha2)
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(form.Get("sip_auth_response"))) != 1 {
		return nil
	}
	host := form.Get("sip_contact_host")
	if host == "" {
		host = form.Get("ip")
	}
	now := s.db.Now()
	remote := hash(p.LineID + "\n" + c.AuthID + "\n" + host)
	var n int
	if err := s.db.Get(ctx, &n, `SELECT COUNT(*) FROM registrar_registrations WHERE platform_id = $1 AND remote_id = $2 AND registered > $3`, v.ID, remote, now.Add(-noteEvery).UnixMilli()); err != nil || n > 0 {
		return err
	}
	return keepOne(ctx, s.db, v.ID, p, Contact{RemoteID: remote, User: c.User, AuthID: c.AuthID, Phone: host, Address: form.Get("ip"), UserAgent: form.Get("sip_user_agent"), Registered: now.Time}, now)
}

const notFound = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<document type="freeswitch/xml"><section name="result"><result status="not found"/></section></document>
`

type xmlPair struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type xmlDocument struct {
	XMLName xml.Name `xml:"document"`
	Type    string   `xml:"type,attr"`
	Section struct {
		Name   string `xml:"name,attr"`
		Domain struct {
			Name string `xml:"name,attr"`
			User struct {
				ID        string    `xml:"id,attr"`
				Params    []xmlPair `xml:"params>param"`
				Variables []xmlPair `xml:"variables>variable"`
			} `xml:"user"`
		} `xml:"domain"`
	} `xml:"section"`
}

// userDocument is what FreeSWITCH reads of one user; the encoder escapes every value.
func userDocument(domain string, c subscriber.Credential) []byte {
	d := xmlDocument{Type: "freeswitch/xml"}
	d.Section.Name, d.Section.Domain.Name = "directory", domain
	u := &d.Section.Domain.User
	u.ID = c.AuthID
	u.Params = []xmlPair{{"a1-hash", accountOf(c, domain).HA1}}
	number := c.Number
	if number == "" {
		number = c.Extension
	}
	u.Variables = []xmlPair{{"linecard_user", c.User}, {"effective_caller_id_name", c.DisplayName}, {"effective_caller_id_number", number}}
	out, _ := xml.Marshal(d) // strings alone: it cannot fail
	return append([]byte(xml.Header), out...)
}
