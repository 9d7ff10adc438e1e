package wholesale

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/tenant"
)

// op is one operation.
type op struct {
	method, path string
	scope        scope
	need         access.Action     // whoever does not hold it anywhere is refused at the door; the room decides about the object
	query        []string          // parameters; a name with [] is an array
	log          string            // of the row in the operation log when a change is refused; "" of what only reads or checks
	names        map[string]string // names of fields in our rooms → in this API
	bare         bool              // a POST without a body
	do           func(ctx context.Context, c *call) (answer, error)
}

const behalf = "onBehalfOfSubPartnerOrgId"

// call is one request on its way.
type call struct {
	op       op
	actor    access.Actor
	provider tenant.Tenant // on whose behalf; zero: the actor's own organisation
	id       string        // in the path, decoded
	query    url.Values
	body     []byte
	base     string // absolute address of Prefix
}

// answer is what an operation gives. A nil body is an empty one.
type answer struct {
	status   int
	location string
	links    string
	body     any
}

var (
	errNoToken   = errs.New(errs.Unauthenticated, "invalid_token", "The access token is missing, wrong, expired or withdrawn.")
	errScope     = errs.New(errs.Forbidden, "insufficient_scope", "The token does not hold the scope for this.")
	errProviders = errs.New(errs.Forbidden, "only_providers", "This API is for partners and sub-partners. Use a token of one of them.")
	errBehalf    = errs.New(errs.Forbidden, "forbidden", "Your role does not allow this. Ask an administrator of your organisation.")
	errQuery     = errs.New(errs.Invalid, "bad_query", "The query string is not well formed.")
	errParameter = errs.Field{Code: "unknown_parameter", Message: "There is no such query parameter here."}
	errRepeated  = errs.Field{Code: "repeated_parameter", Message: "Give this query parameter once."}
	errMissing   = errs.Missing("object")
)

// serve is the frame around every operation: who asks, how often and with which scope; on whose behalf; is the request well formed;
// then the operation, once for its idempotency key; then the answer.
func (a *API) serve(o op) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		track(w, r)
		defer a.rescue(w, r)
		c := &call{op: o, base: a.base(r) + Prefix}
		ans, err := a.run(r, c)
		if err == nil {
			err = a.send(w, ans)
		}
		if err != nil {
			a.failed(r.Context(), c, err)
			if s := (standing{}); errors.As(err, &s) {
				w.Header().Set("Location", s.at)
			}
			a.refuse(w, r, o.names, 0, a.explain(c, err))
		}
	}
}

func (a *API) run(r *http.Request, c *call) (answer, error) {
	ctx := r.Context()
	var err error
	if c.actor, err = a.admit(r); err != nil {
		return answer{}, err
	}
	if err := c.gate(); err != nil {
		return answer{}, err
	}
	if c.query, err = readQuery(r, c.op.query); err != nil {
		return answer{}, err
	}
	if err := a.onBehalf(ctx, c); err != nil {
		return answer{}, err
	}
	for _, name := range []string{"customerId", "subscriberId", "id"} {
		if v := r.PathValue(name); v != "" {
			ok := false
			if c.id, ok = decode(v); !ok {
				return answer{}, errMissing
			}
		}
	}
	if !c.op.bare && (r.Method == http.MethodPut || r.Method == http.MethodPost) {
		if c.body, err = readBody(r); err != nil {
			return answer{}, err
		}
	}
	key := r.Header.Get("Idempotency-Key")
	if key == "" || r.Method != http.MethodPost || c.op.log == "" {
		return c.op.do(ctx, c)
	}
	return a.once(r, c, key)
}

// once makes a POST with an idempotency key take effect once (decision 5). The public API has no such header, so only who sends it is
// affected.
func (a *API) once(r *http.Request, c *call, key string) (answer, error) {
	hash := sha256.Sum256(c.body)
	stored, _, err := a.d.Operations.Once(r.Context(), operation.Key{Actor: c.actor.ID, Method: r.Method, Path: r.URL.RequestURI(), Key: key, BodyHash: hash[:],
		Recheck: func(ctx context.Context) error {
			if err := c.gate(); err != nil {
				return err
			}
			return a.onBehalf(ctx, c)
		}}, func(ctx context.Context) (operation.Answer, error) {
		ans, err := c.op.do(ctx, c)
		if err != nil {
			return operation.Answer{}, err
		}
		kept := operation.Answer{Status: ans.status, Header: http.Header{"Location": {ans.location}}}
		if ans.body != nil {
			kept.Body, err = json.Marshal(ans.body)
		}
		return kept, err
	})
	if err != nil {
		return answer{}, err
	}
	ans := answer{status: stored.Status, location: stored.Header.Get("Location")}
	if len(stored.Body) > 0 {
		ans.body = json.RawMessage(stored.Body)
	}
	return ans, nil
}

// admit finds out who asks: only a bearer token counts, and each token has its rate.
func (a *API) admit(r *http.Request) (access.Actor, error) {
	ctx := r.Context()
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	actor, err := access.Actor{}, error(errNoToken)
	if strings.EqualFold(scheme, "Bearer") {
		actor, err = a.d.Accounts.AuthenticateBearer(ctx, strings.TrimSpace(token), account.Request{IP: httpx.ClientIP(ctx).String(), ID: httpx.RequestID(ctx), Activity: true})
	}
	if err != nil {
		if errs.KindOf(err) != errs.Unauthenticated {
			return actor, err
		}
		if ok, after := a.unknown.Allow(httpx.IPKey(httpx.ClientIP(ctx))); !ok {
			return actor, httpx.TooMany(after)
		}
		return access.Actor{}, err
	}
	if ok, after := a.limit.Allow(actor.ID); !ok {
		return actor, httpx.TooMany(after)
	}
	return actor, nil
}

// gate refuses whoever lacks the operation's action everywhere.
func (c *call) gate() error {
	switch {
	case c.actor.Tenant.Kind == access.Customer:
		return errProviders
	case !c.actor.Can(c.op.need):
		return errScope
	}
	return nil
}

// explain tells a program which scope it lacks: the same refusal of the real API leaves people guessing.
func (a *API) explain(c *call, err error) error {
	if e := errs.As(err); e.Code == errScope.Code {
		return e.With("scope", string(c.op.scope))
	}
	return err
}

// onBehalf finds the sub-partner that a partner names (WS-82): NotFound unless it is one of its own. A sub-partner has nobody below it, so
// the parameter is refused to it.
func (a *API) onBehalf(ctx context.Context, c *call) error {
	given := c.query.Get(behalf)
	if given == "" {
		return nil
	}
	if c.actor.Tenant.Kind == access.SubPartner {
		return errBehalf
	}
	id, ok := decode(given)
	if !ok {
		return errs.Missing("sub-partner")
	}
	t, err := a.d.Tenants.Get(ctx, c.actor, id)
	if err != nil && errs.KindOf(err) != errs.NotFound && errs.KindOf(err) != errs.Forbidden {
		return err
	}
	if err != nil || t.Kind != access.SubPartner || t.State == tenant.Archived {
		return errs.Missing("sub-partner")
	}
	c.provider = t
	return nil
}

// readQuery takes the parameters of the operation and no others (WS-41). One that is given twice must be an array.
func readQuery(r *http.Request, known []string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errQuery.Because(err)
	}
	var faults []errs.Field
	add := func(f errs.Field, name string) {
		f.Name = strings.ToValidUTF8(name, "")
		faults = append(faults, f)
	}
	for name, values := range q {
		array := slices.Contains(known, name+"[]")
		switch {
		case !array && !slices.Contains(known, name):
			add(errParameter, name)
		case !array && len(values) > 1:
			add(errRepeated, name)
		}
		for _, v := range values {
			if !utf8.ValidString(v) {
				add(badEncoding, name)
			} else if strings.ContainsRune(v, 0) {
				add(forbidden, name)
			}
		}
	}
	slices.SortFunc(faults, func(x, y errs.Field) int { return strings.Compare(x.Name, y.Name) })
	return q, errs.BadFields(faults)
}

func (a *API) send(w http.ResponseWriter, ans answer) error {
	h := w.Header()
	var body []byte
	if ans.body != nil {
		var err error
		if body, err = json.Marshal(ans.body); err != nil {
			return err
		}
		h.Set("Content-Type", "application/json;charset=UTF-8")
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if ans.location != "" {
		h.Set("Location", ans.location)
	}
	if ans.links != "" {
		h.Set("Link", ans.links)
	}
	w.WriteHeader(ans.status)
	_, _ = w.Write(body)
	return nil
}

// track gives the answer its tracking id: the one that the client sent, so that both sides' logs meet, else the request's own.
func track(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(trackingHeader)
	if len(id) < 4 || len(id) > 128 || strings.Trim(id, trackingLetters) != "" {
		id = "LINECARD_" + httpx.RequestID(r.Context())
	}
	w.Header().Set(trackingHeader, id)
}

const trackingLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

var errPanic = errs.New(errs.Internal, "internal", "Something went wrong on our side.")

// rescue makes a panic an answer of this API; the frame of the listener would answer in the words of another one.
func (a *API) rescue(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	a.d.Log.LogAttrs(r.Context(), slog.LevelError, "handler panicked", slog.String("id", httpx.RequestID(r.Context())), slog.Any("cause", cause),
		slog.String("stack", string(debug.Stack())))
	a.refuse(w, r, nil, 0, errPanic)
}

// failed leaves a row in the operation log for a change that was refused or went wrong (CH-83).
func (a *API) failed(ctx context.Context, c *call, cause error) {
	if c.op.log == "" || c.actor.ID == "" {
		return
	}
	kind, _, _ := strings.Cut(c.op.log, "/")
	if err := a.d.Journal.Fail(ctx, c.actor, c.op.log, c.actor.Place(), journal.Target{Kind: kind, ID: c.id}, cause); err != nil {
		a.d.Log.WarnContext(ctx, "failure not recorded", slog.String("action", c.op.log), slog.String("error", errs.CodeOf(err)))
	}
}
