package redirect

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"linecard/internal/access"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

var systemActor = access.SystemActor("redirect")

// yealinkCloud speaks Yealink's open API V4X (facts A3.3): OAuth 2 client credentials; every call carries a timestamp and a nonce;
// lists are POSTs. Where public clients that were tried against the live service and the fact sheet disagree, the tried shape is
// used: bare arrays for addDevices and addDevicesByMac, delDevices {deviceIdType, deviceIds}, 800003 "exists" and 800004
// "another organisation has it". None of it was tried against the live service by us.
type yealinkCloud struct {
	s       *Service
	conn    Connector
	set     ConnectorSettings
	key     secret.String
	servers map[string]remote
	called  bool // there was a call: the next one keeps the pace
}

// Codes of the cloud.
const (
	yealinkExists    = "800003"
	yealinkElsewhere = "800004"
	yealinkForbidden = "900403"
	yealinkUnknownID = "900400"
)

// The limits of the cloud (A3.3).
const (
	yealinkServerName = 20
	yealinkServerWord = 32
	yealinkUniqueURL  = 256
	yealinkDevices    = 100
)

// yealinkDevice is a phone as the API takes and shows it.
type yealinkDevice struct {
	ID              string  `json:"id,omitempty"`
	MAC             string  `json:"mac,omitempty"`
	SN              string  `json:"sn,omitempty"`
	ServerID        *string `json:"serverId,omitempty"`
	UniqueServerURL *string `json:"uniqueServerUrl,omitempty"`
	AuthName        *string `json:"authName,omitempty"`
	Password        *string `json:"password,omitempty"`
	Remark          *string `json:"remark,omitempty"`
}

// yealinkFault is how the API refuses (A3.3).
type yealinkFault struct {
	status  int
	Code    code   `json:"code"`
	Message string `json:"message"`
	Details []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"details"`
}

func (f *yealinkFault) Error() string {
	return "the cloud answers " + strconv.Itoa(f.status) + " " + string(f.Code)
}

// code is a code of the API, a text or a number.
type code string

// UnmarshalJSON reads either.
func (c *code) UnmarshalJSON(b []byte) error {
	*c = code(strings.Trim(string(b), `"`))
	if len(*c) > 32 || *c == "null" {
		*c = ""
	}
	return nil
}

// yealinkBulk is the answer about many phones.
type yealinkBulk struct {
	Errors []struct {
		MAC       string `json:"mac"`
		Field     string `json:"field"` // of delDevices: the id or MAC
		ErrorInfo string `json:"errorInfo"`
		Msg       string `json:"msg"`
		Message   string `json:"message"`
		Code      code   `json:"code"`
		ErrorCode code   `json:"errorCode"`
	} `json:"errors"`
	FailureCount int `json:"failureCount"`
}

// Register implements Cloud. Servers go first. What is known by its id is changed; the rest is added in batches, with the serial
// number where there is one, because many accounts may not add a phone without it. What the batch refuses is looked up: if it
// stands under our account, it is changed instead.
func (y *yealinkCloud) Register(ctx context.Context, regs []Registration) ([]Verdict, error) {
	out := make([]Verdict, len(regs))
	bodies := make([]yealinkDevice, len(regs))
	var bySerial, byMAC []int
	for i, r := range regs {
		b, bad, err := y.body(ctx, r)
		switch {
		case err != nil:
			return out, err
		case bad.Done:
			out[i] = bad
			continue
		}
		bodies[i] = b
		switch {
		case r.RemoteID != "":
			if out[i], err = y.change(ctx, r.RemoteID, r, b); err != nil {
				return out, err
			}
			if out[i].Code == yealinkGoneCode { // somebody removed it there
				out[i], r.RemoteID = Verdict{}, ""
				if bodies[i], _, err = y.body(ctx, r); err != nil {
					return out, err
				}
				bySerial, byMAC = sorted(i, r, bySerial, byMAC)
			}
		default:
			bySerial, byMAC = sorted(i, r, bySerial, byMAC)
		}
	}
	for _, part := range []struct {
		at   []int
		path string
	}{{bySerial, "/v2/rps/addDevices"}, {byMAC, "/v2/rps/addDevicesByMac"}} {
		for len(part.at) > 0 {
			n := min(len(part.at), y.set.BatchSize, yealinkDevices)
			if err := y.add(ctx, part.path, part.at[:n], regs, bodies, out); err != nil {
				return out, err
			}
			part.at = part.at[n:]
		}
	}
	return out, nil
}

const yealinkGoneCode = cloudCodeStart + yealinkUnknownID

func sorted(i int, r Registration, bySerial, byMAC []int) ([]int, []int) {
	if r.Serial != "" {
		return append(bySerial, i), byMAC
	}
	return bySerial, append(byMAC, i)
}

// body makes what the API takes; a Done verdict says why it cannot.
func (y *yealinkCloud) body(ctx context.Context, r Registration) (yealinkDevice, Verdict, error) {
	d := yealinkDevice{MAC: r.MAC.String(), SN: r.Serial}
	text := func(s string) *string { return &s }
	if len(r.UniqueURL) > yealinkUniqueURL {
		return d, Verdict{Done: true, Code: UnfitForCloud, RemoteID: r.RemoteID}, nil
	}
	server := ""
	if r.Server != nil {
		if len(r.Server.Password.Reveal()) > yealinkServerWord || len(r.Server.URL) > maxURL {
			return d, Verdict{Done: true, Code: UnfitForCloud, RemoteID: r.RemoteID}, nil
		}
		var err error
		var fault *yealinkFault
		server, err = y.server(ctx, *r.Server)
		if errors.As(err, &fault) {
			return d, y.refusal(fault, r.RemoteID), nil
		}
		if err != nil {
			return d, Verdict{}, err
		}
	}
	// A change has to say what is empty too; an addition leaves it out.
	for _, f := range []struct {
		to **string
		v  string
	}{{&d.ServerID, server}, {&d.UniqueServerURL, r.UniqueURL}, {&d.AuthName, r.User}, {&d.Password, r.Password.Reveal()}, {&d.Remark, r.Remark}} {
		if f.v != "" || r.RemoteID != "" {
			*f.to = text(f.v)
		}
	}
	return d, Verdict{}, nil
}

// server makes sure that the cloud knows one of our servers as it is now, and gives its id there.
func (y *yealinkCloud) server(ctx context.Context, v SharedServer) (string, error) {
	digest := y.s.digest(v)
	have, known := y.servers[v.ID]
	if known && same(have.digest, digest) {
		return have.id, nil
	}
	name := "lc-" + v.ID[max(0, len(v.ID)-(yealinkServerName-3)):]
	body := map[string]any{"serverName": name, "url": v.URL, "authName": v.User, "password": v.Password.Reveal()}
	if v.CertificateURL != "" {
		body["certificateUrl"] = v.CertificateURL
	}
	if !known {
		id, err := y.findServer(ctx, name)
		if err != nil {
			return "", err
		}
		have.id = id
	}
	var err error
	if have.id != "" {
		err = y.call(ctx, http.MethodPatch, "/v2/rps/servers/"+url.PathEscape(have.id), body, nil)
		var fault *yealinkFault
		if errors.As(err, &fault) && (fault.status == http.StatusNotFound || fault.Code == yealinkUnknownID) {
			have.id, err = "", nil // somebody removed it there
		}
	}
	if err == nil && have.id == "" {
		var made struct {
			ID string `json:"id"`
		}
		err = y.call(ctx, http.MethodPost, "/v2/rps/servers", body, &made)
		have.id = made.ID
		if err == nil && have.id == "" {
			err = errCloudAway
		}
	}
	if err != nil {
		return "", err
	}
	have.digest = digest
	y.servers[v.ID] = have
	return have.id, y.s.keepRemote(ctx, y.conn.ID, v.ID, have)
}

type yealinkPage[T any] struct {
	Total int `json:"total"`
	Data  []T `json:"data"`
}

func (y *yealinkCloud) findServer(ctx context.Context, name string) (string, error) {
	for skip := 0; ; skip += y.set.PageSize {
		var p yealinkPage[struct {
			ID   string `json:"id"`
			Name string `json:"serverName"`
		}]
		if err := y.call(ctx, http.MethodPost, "/v2/rps/listServers", map[string]any{"skip": skip, "limit": y.set.PageSize, "autoCount": true}, &p); err != nil {
			return "", err
		}
		for _, v := range p.Data {
			if v.Name == name {
				return v.ID, nil
			}
		}
		if len(p.Data) == 0 || skip+len(p.Data) >= p.Total {
			return "", nil
		}
	}
}

// change replaces what stands there.
func (y *yealinkCloud) change(ctx context.Context, id string, r Registration, d yealinkDevice) (Verdict, error) {
	d.MAC, d.ID = "", ""
	err := y.call(ctx, http.MethodPatch, "/v2/rps/devices/"+url.PathEscape(id), d, nil)
	return y.verdict(err, id)
}

// verdict makes one of the answer to a call about one phone; what speaks about the whole connector stays an error.
func (y *yealinkCloud) verdict(err error, id string) (Verdict, error) {
	var fault *yealinkFault
	switch {
	case err == nil:
		return Verdict{Done: true, RemoteID: id}, nil
	case errors.As(err, &fault):
		return y.refusal(fault, id), nil
	}
	return Verdict{}, err
}

// refusal words a fault.
func (y *yealinkCloud) refusal(f *yealinkFault, id string) Verdict {
	v := Verdict{Done: true, RemoteID: id, Reason: y.shown(f.Message)}
	for _, d := range f.Details {
		v.Reason = y.shown(strings.TrimSpace(v.Reason + "; " + d.Field + ": " + d.Message))
	}
	v.Code = y.reason(f.Code)
	return v
}

func (y *yealinkCloud) reason(c code) string {
	switch {
	case c == yealinkElsewhere:
		return ClaimedThere
	case c == "" || strings.ContainsFunc(string(c), func(r rune) bool { return r < '0' || r > '9' }):
		return CloudRefused
	}
	return cloudCodeStart + string(c)
}

// shown makes the cloud's words fit to be shown: one line, bounded, and never the key that we sent.
func (y *yealinkCloud) shown(s string) string {
	if k := y.key.Reveal(); k != "" {
		s = strings.ReplaceAll(s, k, secret.Hidden)
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	return printable(s, 200)
}

// add tells a batch of new phones.
func (y *yealinkCloud) add(ctx context.Context, path string, at []int, regs []Registration, bodies []yealinkDevice, out []Verdict) error {
	batch := make([]yealinkDevice, len(at))
	for k, i := range at {
		batch[k] = bodies[i]
		batch[k].ID = ""
	}
	var res yealinkBulk
	err := y.call(ctx, http.MethodPost, path, batch, &res)
	var fault *yealinkFault
	if errors.As(err, &fault) {
		if fault.Code == yealinkForbidden && strings.HasSuffix(path, "ByMac") { // this account may not add phones by their MAC alone
			for _, i := range at {
				out[i] = Verdict{Done: true, Code: NeedsSerial, Reason: y.shown(fault.Message)}
			}
			return nil
		}
		if len(at) > 1 { // one of them spoils the batch: each on its own
			for _, i := range at {
				if err := y.add(ctx, path, []int{i}, regs, bodies, out); err != nil {
					return err
				}
			}
			return nil
		}
		return y.second(ctx, at[0], y.refusal(fault, ""), regs, bodies, out)
	}
	if err != nil {
		return err
	}
	refused := map[string]Verdict{}
	for _, e := range res.Errors {
		mac := e.MAC
		if mac == "" {
			mac = e.Field
		}
		c := e.Code
		if c == "" {
			c = e.ErrorCode
		}
		if m, err := phone.ParseMAC(mac); err == nil {
			refused[m.String()] = Verdict{Done: true, Code: y.reason(c), Reason: y.shown(strings.TrimSpace(e.ErrorInfo + " " + e.Msg + " " + e.Message))}
		}
	}
	if res.FailureCount > len(refused) && len(at) > 1 { // it does not say which: each on its own
		for _, i := range at {
			if err := y.add(ctx, path, []int{i}, regs, bodies, out); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range at {
		v, no := refused[bodies[i].MAC]
		switch {
		case !no && res.FailureCount > 0 && len(at) == 1:
			v = Verdict{Done: true, Code: CloudRefused}
		case !no:
			out[i] = Verdict{Done: true}
			continue
		}
		if err := y.second(ctx, i, v, regs, bodies, out); err != nil {
			return err
		}
	}
	return nil
}

// second looks up what could not be added: when it stands under our account already, it is changed.
func (y *yealinkCloud) second(ctx context.Context, i int, v Verdict, regs []Registration, bodies []yealinkDevice, out []Verdict) error {
	if v.Code == ClaimedThere {
		out[i] = v
		return nil
	}
	id, err := y.find(ctx, regs[i].MAC)
	if err != nil {
		return err
	}
	if id == "" {
		if v.Code == cloudCodeStart+yealinkExists { // it exists, and not with us
			v.Code = ClaimedThere
		}
		out[i] = v
		return nil
	}
	r := regs[i]
	r.RemoteID = id
	d, bad, err := y.body(ctx, r)
	if err != nil || bad.Done {
		out[i] = bad
		return err
	}
	out[i], err = y.change(ctx, id, r, d)
	return err
}

func (y *yealinkCloud) find(ctx context.Context, mac phone.MAC) (string, error) {
	var p yealinkPage[yealinkDevice]
	err := y.call(ctx, http.MethodPost, "/v2/rps/listDevices", map[string]any{"skip": 0, "limit": 10, "autoCount": true, "filter": map[string]string{"mac": mac.String()}}, &p)
	if err != nil {
		return "", whole(err)
	}
	for _, d := range p.Data {
		if m, err := phone.ParseMAC(d.MAC); err == nil && m == mac {
			return d.ID, nil
		}
	}
	return "", nil
}

// whole makes a refusal of a call that is about no single phone the connector's trouble.
func whole(err error) error {
	var fault *yealinkFault
	if errors.As(err, &fault) {
		return errCloudAway.Because(errors.New(fault.Error())) // not the fault itself: it is nobody's refusal
	}
	return err
}
