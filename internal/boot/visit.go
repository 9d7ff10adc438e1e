package boot

import (
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"time"

	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/phone"
)

// visit is one request of a phone on its way. It is the answer's writer, too, so that status and size are known at its end.
type visit struct {
	http.ResponseWriter
	h      *Handler
	r      *http.Request
	legacy bool // came over old TLS

	given      credentials
	host, file string
	id         phone.Identity
	recognised bool
	cert       phone.MAC // proved by the maker's certificate; zero without

	admitted
	account account
	// witnessed: a maker's certificate and an account came together, and the account is one that not everybody knows
	witnessed bool

	status int
	bytes  int64
	etag   string
	reason string // of a refusal, in the phone's list of requests
}

// account says by what a phone was let in.
type account string

// The accounts, as they stand in the list of a phone's requests.
const (
	noAccount        account = ""
	own              account = "own"
	ownPrevious      account = "own_previous"
	customer         account = "customer"
	customerPrevious account = "customer_previous"
	certificate      account = "certificate"
)

// itself says whether the request comes from the phone that it speaks of, and from nobody else who knows what all phones of the customer
// know: its own account, its maker's certificate, a window that somebody opened; or it never claimed an account of its own and the
// customer's is not the one that everybody knows (decision 15).
func (v *visit) itself() bool {
	switch v.account {
	case own, ownPrevious, certificate:
		return true
	case noAccount:
		return false
	}
	now := v.h.clock.Now()
	if v.Claim.Open.After(now) {
		return true
	}
	return !v.Claim.Claimed && (!v.Factory || v.Door.Open.After(now))
}

// trusted says whether secrets may go to it.
func (v *visit) trusted() bool { return v.itself() && (!v.legacy || v.Legacy) }

// inPath is the MAC that the path names; zero when it names none. The one that the phone tells of itself may be another.
func (v *visit) inPath() phone.MAC {
	id, _ := v.h.makers.Recognise(v.file, "")
	return id.MAC
}

// WriteHeader notes the status.
func (v *visit) WriteHeader(status int) {
	if status >= 200 && v.status == 0 {
		v.status = status
	}
	v.ResponseWriter.WriteHeader(status)
}

// Write counts what the phone took.
func (v *visit) Write(b []byte) (int, error) {
	if v.status == 0 {
		v.status = http.StatusOK
	}
	n, err := v.ResponseWriter.Write(b)
	v.bytes += int64(n)
	return n, err
}

// Unwrap gives the writer below.
func (v *visit) Unwrap() http.ResponseWriter { return v.ResponseWriter }

// serve answers a request that carries credentials or a certificate: customer first, then its phone (decision 15).
func (v *visit) serve(ctx context.Context) {
	named, isMAC := v.given.mac()
	want := v.id.MAC
	switch {
	case isMAC:
		want = named
	case !v.cert.IsZero():
		want = v.cert
	}
	// What was read a moment ago is tried first, and counts only for somebody with right credentials: who has none takes the same way
	// through the database whether there is such a phone or not (decision 15). Nothing that is remembered costs the same work.
	v.admitted, _ = v.h.known.current(ctx, v.host, want)
	err := v.authenticate(isMAC, want)
	if err == nil && v.account == noAccount {
		if v.admitted, err = v.h.known.admit(ctx, v.host, want); err == nil {
			err = v.authenticate(isMAC, want)
		}
	}
	if err != nil {
		v.fault(err)
		return
	}
	switch {
	case v.account == noAccount && v.given.scheme == noScheme:
		v.challenge("challenge", false)
	case v.account == noAccount && v.stale && isMAC:
		v.fault(errBehind) // the phone's account may be newer than what is remembered
	case v.account == noAccount:
		v.refuse()
	case v.account != certificate && !v.h.nonces.accepts(v.given):
		v.challenge("stale_nonce", true)
	case v.behind:
		v.fault(errBehind)
	case v.Stopped: // CH-26
		v.reason = "stopped"
		v.answer("stopped", http.StatusForbidden)
	default:
		v.enter(ctx, want)
	}
}

var errBehind = errs.New(errs.Unavailable, "database_unavailable", "The database cannot be reached at the moment. Please try again.").Retry(10 * time.Second)

// authenticate finds out by what the request gets in. All keys are compared to their end, whatever the others said.
func (v *visit) authenticate(isMAC bool, want phone.MAC) error {
	now := v.h.clock.Now()
	ring, err := v.h.ring(v.Door)
	if err != nil {
		return err
	}
	byCustomer := ring.opens(v.given, v.r, now)
	byOwn := -1
	if isMAC {
		if byOwn, err = v.h.opensOwn(v.Claim, want, v.given, v.r, now); err != nil {
			return err
		}
	}
	v.witnessed = !v.cert.IsZero() && v.cert == want && (byOwn == 0 || byOwn == 1 && !v.Claim.Used || byCustomer >= 0 && !v.Factory)
	byCert := !v.cert.IsZero() && v.cert == want && v.Claim.DeviceID != ""
	switch {
	case byOwn == 0:
		v.account = own
	case byOwn == 1 && !v.Claim.Used:
		v.account = ownPrevious
	case byCert:
		v.account = certificate
	case byCustomer == 0:
		v.account = customer
	case byCustomer == 1:
		v.account = customerPrevious
	}
	return nil
}

// enter goes on with a request whose account is right: which phone is it about, and is it that phone.
func (v *visit) enter(ctx context.Context, want phone.MAC) {
	switch v.account {
	case own, ownPrevious, certificate:
		// What a phone alone can show opens its own files: for those of others there is nothing.
		if inPath := v.inPath(); !inPath.IsZero() && inPath != want {
			v.reason = "other_phone"
			v.answer("not_found", http.StatusNotFound)
			return
		}
		v.id.MAC = want
		v.arrived(ctx)
	default:
		if v.id.MAC != want { // the customer's account has a MAC address for its user
			var err error
			if v.admitted, err = v.h.known.admit(ctx, v.host, v.id.MAC); err != nil {
				v.fault(err)
				return
			}
		}
	}
	v.proves(ctx)
	if !v.recognised || v.id.MAC.IsZero() { // no phone's own file, and not told which phone asks
		v.found()
		return
	}
	if v.Claim.DeviceID == "" && !v.arrives(ctx) {
		return
	}
	v.remember()
	if v.r.Method == http.MethodPut || v.r.Method == http.MethodPost {
		v.take(ctx)
		return
	}
	v.deliver(ctx)
}

// arrived notes the first use of an account of its own. When that cannot be written the phone is served all the same, and the next
// request tries again.
func (v *visit) arrived(ctx context.Context) {
	c := v.Claim
	if v.stale || v.account == certificate || v.account == own && c.Used || v.account == ownPrevious && c.Claimed {
		return
	}
	if err := v.h.devices.Arrived(ctx, c, v.account == own); err != nil {
		httpx.LogCause(v.r.Context(), err)
		return
	}
	v.h.known.forget(v.CustomerID, c.MAC)
}

// endowed gives a phone an account of its own before its first configuration is made. Without one it is served all the same.
func (v *visit) endowed(ctx context.Context) {
	if v.Claim.Revision > 0 || v.stale || !v.trusted() || !configuration(v.id.Kind) {
		return
	}
	if err := v.h.devices.Endow(ctx, v.Claim.DeviceID); err != nil {
		httpx.LogCause(v.r.Context(), err)
	}
}

func configuration(k phone.FileKind) bool {
	return k == phone.Master || k == phone.GlobalMaster || k == phone.Parameters || k == phone.Common
}

// deliver answers with the file, or 304 when the phone has these bytes.
func (v *visit) deliver(ctx context.Context) {
	if v.head(ctx) {
		return
	}
	v.endowed(ctx)
	ask := config.Request{Door: v.Door, MAC: v.id.MAC, Name: v.id.Name, Model: v.id.Model, Version: v.id.Version, Trusted: v.trusted(),
		From: httpx.ClientIP(v.r.Context()).Unmap().WithZone("")}
	if v.id.Program == phone.Updater {
		ask.Version = "" // the updater's version says nothing about the telephone
	}
	if ask.Name == globalMaster { // DM-187: a phone that has no file of its own, or does not know that it has
		ask.Name = v.id.MAC.String() + ".cfg"
	}
	f, err := v.h.config.File(ctx, ask)
	switch {
	case err != nil && errs.KindOf(err) == errs.NotFound:
		v.found()
		return
	case err != nil:
		v.fault(err)
		return
	}
	outcome := "served"
	if f.Stale {
		outcome = "served_stale"
	}
	v.stream(outcome, f.ETag, f.ContentType, bytes.NewReader(f.Body))
}

// globalMaster is what Poly phones ask for when they find no file of their own [S].
const globalMaster = "000000000000.cfg"

// impostor refuses a phone that asks for the file of another one with its maker's certificate in hand (DM-125), and tells the customer.
func (v *visit) impostor(ctx context.Context) {
	if e, err := v.h.known.admit(ctx, v.host, v.cert); err == nil && !e.stale && e.CustomerID != "" {
		v.h.alarm(device.Alarm{CustomerID: e.CustomerID, Scope: e.Scope, What: "certificate_mismatch", Address: source(v.r.Context()), MAC: v.cert,
			Data: map[string]any{"asked_for": v.inPath().String()}})
	}
	v.answer("impostor", http.StatusForbidden)
}

// tlsVersion names the protocol of the connection; "" for none.
func tlsVersion(c *tls.ConnectionState) string {
	if c == nil {
		return ""
	}
	switch c.Version {
	case tls.VersionTLS10:
		return "1.0"
	case tls.VersionTLS11:
		return "1.1"
	case tls.VersionTLS12:
		return "1.2"
	}
	return "1.3"
}
