package api

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/profile"
)

// serve is the frame around every operation: who asks, how often, is the request well formed, may somebody with this role
// ask at all; then the handler, plainly, as a dry run, or once for its idempotency key; then the answer.
func (a *API) serve(op *Op, inner http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{op: op}
		if err := a.admit(c, r); err != nil {
			refuse(w, r, err)
			return
		}
		err := c.read(r)
		if c.dry {
			w.Header().Set("Dry-Run", "true")
		}
		if err == nil && c.op.Aside {
			err = a.putAside(c, r)
			defer a.cleared(r.Context(), c)
		}
		if err == nil {
			r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
			if err = a.run(c, w, r, inner); err != nil {
				err = a.otherKind(r.Context(), r, err)
			}
		}
		if err == nil {
			err = c.send(w, r)
		}
		if err != nil {
			a.failed(r.Context(), c, err)
			refuse(w, r, err)
		}
	}
}

// admit finds out who asks and lets it in, or not: only a bearer token counts, and each token has its rate.
func (a *API) admit(c *call, r *http.Request) error {
	ctx := r.Context()
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	var err error = errNoToken
	if strings.EqualFold(scheme, "Bearer") {
		c.actor, err = a.d.Accounts.AuthenticateBearer(ctx, strings.TrimSpace(token), account.Request{
			IP: httpx.ClientIP(ctx).String(), ID: httpx.RequestID(ctx), Activity: true})
	}
	if err != nil {
		if errs.KindOf(err) != errs.Unauthenticated {
			return err // a fault of ours is no guess of theirs
		}
		if ok, after := a.unknown.Allow(httpx.IPKey(httpx.ClientIP(ctx))); !ok {
			return httpx.TooMany(after)
		}
		return err
	}
	if ok, after := a.limit.Allow(c.actor.ID); !ok {
		return httpx.TooMany(after)
	}
	return nil
}

// read takes everything of the request that is alike for all operations. The body is read to its end here, so that whatever
// is wrong with it is told before anything is done.
func (c *call) read(r *http.Request) error {
	c.path = make(map[string]string, len(c.op.params))
	for _, name := range c.op.params {
		c.target = r.PathValue(name)
		c.path[name] = c.target
		if len(c.target) > 200 || strings.ContainsFunc(c.target, func(x rune) bool { return x <= ' ' || x > '~' }) {
			c.target = ""
			return errMissing // no id of ours looks like that, and not every database takes it
		}
	}
	if err := c.readQuery(r); err != nil {
		return err
	}
	if err := c.op.gate(c.actor); err != nil {
		return err
	}
	c.csv = c.op.CSV && strings.Contains(r.Header.Get("Accept"), "text/csv")
	if !c.op.Changes() {
		return nil
	}
	if c.match = r.Header.Get("If-Match"); c.match != "" && !c.op.IfMatch {
		return errNoIfMatch
	}
	return c.readBody(r)
}

func (c *call) readQuery(r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return errQuery.Because(err)
	}
	var faults []errs.Field
	add := func(f errs.Field, name string) {
		f.Name = strings.ToValidUTF8(name, "")
		faults = append(faults, f)
	}
	for name, values := range q {
		switch {
		case !slices.Contains(c.op.query, name) && !(name == "dry_run" && c.op.Changes()):
			add(errParameter, name)
		case len(values) > 1:
			add(errRepeated, name)
		case !utf8.ValidString(values[0]):
			add(badEncoding, name)
		case strings.ContainsRune(values[0], 0):
			add(forbidden, name)
		}
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(x, y errs.Field) int { return strings.Compare(x.Name, y.Name) })
		return errs.BadFields(faults)
	}
	switch q.Get("dry_run") {
	case "", "false":
	case "true":
		c.dry = true
	default:
		return errDryRunValue
	}
	return nil
}

// filesMost is how large a file can be that an operation takes. Fewer than 10,000 rows of CSV stay far below it.
const filesMost = 8 << 20

// BodyLimits gives the limits of a request's body where they differ from the listener's; the zero value elsewhere.
func BodyLimits(r *http.Request) httpx.BodyLimits {
	if strings.HasPrefix(r.URL.Path, Prefix+"/") && strings.HasSuffix(r.URL.Path, "/dictionaries/import") {
		return httpx.BodyLimits{MaxBytes: profile.MaxDictionary}
	}
	if strings.HasPrefix(r.URL.Path, Prefix+"/") && strings.HasSuffix(r.URL.Path, "/import") {
		return httpx.BodyLimits{MaxBytes: filesMost}
	}
	return httpx.BodyLimits{MaxBytes: largeMost(r.URL.Path)}
}

func (c *call) readBody(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		c.source = strings.NewReader("")
		return nil
	}
	if c.source = r.Body; c.op.Aside || c.op.Stream {
		return nil
	}
	b, err := httpx.ReadBody(r)
	if err != nil || len(b) == 0 {
		return err
	}
	if c.op.File {
		c.body = b
		return nil
	}
	if ct := r.Header.Get("Content-Type"); ct != "" {
		media, p, err := mime.ParseMediaType(ct)
		if charset := p["charset"]; err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
			return errMediaType
		}
	}
	c.body = b
	if !c.op.body {
		b = nil
	}
	return checkJSON(c.body, b != nil)
}

// run calls the handler. With an idempotency key, and in a dry run, it runs inside one transaction that everything joins.
func (a *API) run(c *call, w http.ResponseWriter, r *http.Request, inner http.HandlerFunc) error {
	key := r.Header.Get("Idempotency-Key")
	switch {
	case c.dry && c.op.File:
		return c.handle(db.DryRun(r.Context()), r, inner)
	case c.dry:
		return a.d.DB.Tx(db.DryRun(r.Context()), func(ctx context.Context, _ *db.Tx) error { return c.handle(ctx, r, inner) })
	case key == "" || c.op.Method != http.MethodPost:
		return c.handle(r.Context(), r, inner)
	}
	hash := sha256.Sum256(c.body)
	once, replayed, err := a.d.Operations.Once(r.Context(), operation.Key{Actor: c.actor.ID, Method: r.Method, Path: r.URL.RequestURI(), Key: key,
		BodyHash: hash[:], Recheck: func(ctx context.Context) error { return a.recheck(ctx, c, r) }},
		func(ctx context.Context) (operation.Answer, error) {
			if err := c.handle(ctx, r, inner); err != nil {
				return operation.Answer{}, err
			}
			return c.keep(), nil
		})
	if err != nil || !replayed {
		return err
	}
	w.Header().Set("Idempotent-Replayed", "true")
	c.answered = answered{status: once.Status, sheet: sheet{header: once.Header}}
	_, _ = c.sheet.Write(once.Body)
	for _, k := range []string{"Etag", "Location"} {
		if v := once.Header.Get(k); v != "" {
			w.Header().Set(k, v)
		}
	}
	return nil
}

// keep is the answer as it will be repeated.
func (c *call) keep() operation.Answer {
	h := http.Header{}
	for k, v := range map[string]string{"Content-Type": c.sheet.Header().Get("Content-Type"), "Etag": c.etag()} {
		if v != "" {
			h.Set(k, v)
		}
	}
	if c.location != "" {
		h.Set("Location", Prefix+c.location)
	}
	status := c.sheet.status
	if c.status != 0 {
		status = c.status
	}
	return operation.Answer{Status: status, Header: h, Body: c.sheet.body.Bytes(), Secret: c.op.Secret}
}

// handle calls the handler once; a transaction that lost against another one calls it again, so nothing of an earlier try is left.
func (c *call) handle(ctx context.Context, r *http.Request, inner http.HandlerFunc) error {
	c.answered = answered{}
	r = r.WithContext(ctx)
	r.Body = newBody(c.body)
	inner(&c.sheet, r)
	return c.err
}

// recheck decides again before a stored answer is repeated: rights, and what a customer has authorised, may be gone since
// (decision 5). Where the path names a tenant it is decided about that one, as the use case did.
func (a *API) recheck(ctx context.Context, c *call, r *http.Request) error {
	if err := c.op.gate(c.actor); err != nil {
		return err
	}
	for _, name := range []string{"customer", "partner"} {
		id := r.PathValue(name)
		if id == "" {
			continue
		}
		_, target, err := a.d.Tenants.Target(ctx, a.d.DB, c.actor, id)
		if err == nil {
			err = c.op.decide(c.actor, target)
		}
		return err
	}
	return nil
}

// failed leaves a row in the operation log for a change that was refused or went wrong (CH-83); not for a dry run, which
// leaves nothing anywhere.
func (a *API) failed(ctx context.Context, c *call, cause error) {
	if !c.op.Changes() || c.dry {
		return
	}
	kind, _, _ := strings.Cut(c.op.Log, "/")
	err := a.d.Journal.Fail(ctx, c.actor, c.op.Log, c.actor.Place(), journal.Target{Kind: kind, ID: c.target}, cause)
	if err != nil {
		a.d.Log.WarnContext(ctx, "failure not recorded", slog.String("action", c.op.Log), slog.String("error", errs.CodeOf(err)))
	}
}
