package api

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/secret"
)

// The token endpoint of OAuth 2 (RFC 6749 section 3.2); the second address is the one of the wholesale API.
const (
	tokenPath   = "/oauth2/token"
	tokenPathV1 = "/v1/access_token"
)

// granted is the answer of the token endpoint (RFC 6749 section 5.1).
type granted struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type" enum:"Bearer"`
	ExpiresIn   int    `json:"expires_in" doc:"Seconds"`
	Scope       string `json:"scope,omitempty" doc:"Permissions of the token; absent when it has all of its client"`
}

// oauthError is a refusal of the token endpoint (RFC 6749 section 5.2). Its words are those of the standard.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// token answers a request for client credentials, as a form with the client in the Authorization header or in the form.
func (a *API) token(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("Content-Type", "application/json")
	if ok, after := a.unknown.Allow("token " + httpx.IPKey(httpx.ClientIP(r.Context()))); !ok {
		refuseToken(w, r, httpx.TooMany(after), "temporarily_unavailable")
		return
	}
	form, word := tokenForm(r)
	if word != "" {
		refuseToken(w, r, errTokenRequest, word)
		return
	}
	id, word1, basic := clientOf(r, form)
	if word1 != "" {
		refuseToken(w, r, errTokenRequest, word1)
		return
	}
	g, err := a.d.Accounts.ClientCredentials(r.Context(), id, form.secret, form.values.Get("scope"))
	if err != nil {
		if basic && errs.KindOf(err) == errs.Unauthenticated {
			h.Set("WWW-Authenticate", `Basic realm="linecard"`)
		}
		refuseToken(w, r, err, wordOf(err))
		return
	}
	_ = json.NewEncoder(w).Encode(granted{AccessToken: g.AccessToken, TokenType: "Bearer", ExpiresIn: g.ExpiresIn, Scope: g.Scope})
}

var errTokenRequest = errs.New(errs.Invalid, "invalid_request", "The request is not well formed.")

// tokenRequest is the form, and the secret wherever it came from.
type tokenRequest struct {
	values url.Values
	secret secret.String
}

// tokenForm reads the form. The word is one of RFC 6749 section 5.2, "" when all is well.
func tokenForm(r *http.Request) (*tokenRequest, string) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, "invalid_request"
	}
	b, err := httpx.ReadBody(r)
	if err != nil || len(b) > 16<<10 {
		return nil, "invalid_request"
	}
	v, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, "invalid_request"
	}
	for _, given := range v {
		if len(given) > 1 || strings.ContainsFunc(given[0], func(x rune) bool { return x < ' ' || x > '~' }) {
			return nil, "invalid_request" // parameters must not be given twice (section 3.2)
		}
	}
	switch v.Get("grant_type") {
	case "client_credentials":
		return &tokenRequest{values: v}, ""
	case "":
		return nil, "invalid_request"
	}
	return nil, "unsupported_grant_type"
}

// clientOf finds who asks. Basic carries both parts form-encoded (section 2.3.1); using both ways at once is refused.
func clientOf(r *http.Request, form *tokenRequest) (id, word string, basic bool) {
	user, pass, basic := r.BasicAuth()
	if !basic {
		form.secret = secret.Hide(form.values.Get("client_secret"))
		return form.values.Get("client_id"), "", false
	}
	if form.values.Has("client_secret") {
		return "", "invalid_request", true
	}
	id, err1 := url.QueryUnescape(user)
	pass, err2 := url.QueryUnescape(pass)
	if err1 != nil || err2 != nil {
		return "", "invalid_request", true
	}
	form.secret = secret.Hide(pass)
	return id, "", true
}

// wordOf is the standard's word for a refusal of ours.
func wordOf(err error) string {
	e := httpx.Refusal(err)
	switch e.Kind {
	case errs.Unauthenticated, errs.Forbidden, errs.NotFound:
		return "invalid_client"
	case errs.Invalid:
		if e.Code == "invalid_scope" {
			return "invalid_scope"
		}
		return "invalid_request"
	case errs.Unavailable, errs.TooMany, errs.TimedOut:
		return "temporarily_unavailable"
	}
	return "server_error"
}

func refuseToken(w http.ResponseWriter, r *http.Request, err error, word string) {
	httpx.LogCause(r.Context(), err)
	e := httpx.Refusal(err)
	status := httpx.Status(e.Kind)
	switch word {
	case "invalid_client":
		status = http.StatusUnauthorized
	case "invalid_request", "invalid_scope", "unsupported_grant_type":
		status = http.StatusBadRequest
	}
	for k, v := range httpx.ProblemOf(r.Context(), err).GetHeaders() {
		w.Header()[k] = v
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(oauthError{Error: word, Description: e.Message})
}

// describeTokens adds the token endpoint to the document.
func (a *API) describeTokens(doc *huma.OpenAPI) {
	text := func(d string) *huma.Schema { return &huma.Schema{Type: "string", Description: d} }
	form := &huma.Schema{Type: "object", Required: []string{"grant_type"}, Properties: map[string]*huma.Schema{
		"grant_type": {Type: "string", Enum: []any{"client_credentials"}}, "scope": text("Permissions, with spaces between; absent: all of the client"),
		"client_id": text("Unless sent with Basic"), "client_secret": text("Unless sent with Basic")}}
	reg := doc.Components.Schemas
	ok, bad := schemaOf[granted](reg, "AccessToken"), schemaOf[oauthError](reg, "OAuthError")
	answer := func(d string, s *huma.Schema) *huma.Response {
		return &huma.Response{Description: d, Content: map[string]*huma.MediaType{"application/json": {Schema: s}}}
	}
	for path, id := range map[string]string{tokenPath: "get-access-token", tokenPathV1: "get-access-token-wholesale"} {
		doc.AddOperation(&huma.Operation{OperationID: id, Method: post, Path: path, Tags: []string{"Tokens"},
			Summary: "Get a short-lived access token for client credentials (RFC 6749 section 4.4)", Security: []map[string][]string{{}},
			Extensions: map[string]any{"x-permission": "none", "x-error-codes": []string{"invalid_client", "invalid_request", "invalid_scope",
				"server_error", "temporarily_unavailable", "unsupported_grant_type"}},
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/x-www-form-urlencoded": {Schema: form}}},
			Responses: map[string]*huma.Response{"200": answer("OK", ok), "400": answer("invalid_request, invalid_scope, unsupported_grant_type", bad),
				"401": answer("invalid_client", bad), "429": answer("temporarily_unavailable", bad), "503": answer("temporarily_unavailable", bad)}})
	}
}
