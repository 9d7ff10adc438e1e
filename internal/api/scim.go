package api

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/subscriber"
)

// Directory synchronisation: SCIM 2.0 (RFC 7643, RFC 7644) for users (WS-135). The bearer token is one of the customer; a provider's
// names the customer in the path.

const (
	scimPath   = "/scim/v2"
	scimType   = "application/scim+json"
	scimUser   = "urn:ietf:params:scim:schemas:core:2.0:User"
	scimOurs   = "urn:linecard:params:scim:schemas:extension:1.0:User"
	scimList   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	scimPatch  = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	scimError  = "urn:ietf:params:scim:api:messages:2.0:Error"
	scimConfig = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	scimMost   = 200 // users of one page
)

// scimResource is a user as directories write it.
type scimResource struct {
	Schemas     []string    `json:"schemas,omitempty"`
	ID          string      `json:"id,omitempty"`
	ExternalID  string      `json:"externalId,omitempty"`
	UserName    string      `json:"userName,omitempty"`
	Name        *scimName   `json:"name,omitempty"`
	DisplayName string      `json:"displayName,omitempty"`
	Active      *scimBool   `json:"active,omitempty"`
	Emails      []scimValue `json:"emails,omitempty"`
	Phones      []scimValue `json:"phoneNumbers,omitempty"`
	Ours        *scimExtra  `json:"urn:linecard:params:scim:schemas:extension:1.0:User,omitempty"`
	Meta        *scimMeta   `json:"meta,omitempty"`
}

type scimName struct {
	Formatted  string `json:"formatted,omitempty"`
	GivenName  string `json:"givenName,omitempty"`
	FamilyName string `json:"familyName,omitempty"`
}

type scimValue struct {
	Value   string   `json:"value"`
	Type    string   `json:"type,omitempty"`
	Primary scimBool `json:"primary,omitempty"`
}

// scimExtra is what a user has here and not in the standard.
type scimExtra struct {
	Package    string `json:"package,omitempty"`
	LocationID string `json:"locationId,omitempty"`
	Extension  string `json:"extension,omitempty"`
	Number     string `json:"phoneNumber,omitempty"`
}

type scimMeta struct {
	ResourceType string    `json:"resourceType"`
	Created      time.Time `json:"created"`
	LastModified time.Time `json:"lastModified"`
	Location     string    `json:"location"`
	Version      string    `json:"version"`
}

// scimBool is a boolean; some directories write it as text.
type scimBool bool

// UnmarshalJSON reads true, "True" and the like.
func (b *scimBool) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseBool(strings.ToLower(strings.Trim(string(data), `"`)))
	*b = scimBool(v)
	return err
}

var (
	errScimBody   = errs.New(errs.Invalid, "bad_json", "The request body is not well-formed JSON.")
	errScimFilter = errs.New(errs.Invalid, "scim_filter", "Filter by userName, externalId or id with eq.")
	errScimPath   = errs.New(errs.Invalid, "scim_path", "This attribute cannot be changed.")
	errScimName   = errs.BadField("userName", "bad_email", "This is not an e-mail address.")
)

// scimRoutes puts the synchronisation of directories on the mux.
func (a *API) scimRoutes() {
	for _, base := range []string{scimPath, scimPath + "/customers/{customer}"} {
		a.mux.Handle("GET "+base+"/Users", a.scim(access.UserView, a.scimListUsers))
		a.mux.Handle("POST "+base+"/Users", a.scim(access.UserSync, a.scimCreate))
		a.mux.Handle("GET "+base+"/Users/{id}", a.scim(access.UserView, a.scimGet))
		a.mux.Handle("PUT "+base+"/Users/{id}", a.scim(access.UserSync, a.scimReplace))
		a.mux.Handle("PATCH "+base+"/Users/{id}", a.scim(access.UserSync, a.scimChange))
		a.mux.Handle("DELETE "+base+"/Users/{id}", a.scim(access.UserSync, a.scimDelete))
		a.mux.Handle("GET "+base+"/ServiceProviderConfig", a.scim(access.UserView, scimAbout))
	}
}

// scimCall is a request on its way.
type scimCall struct {
	actor    access.Actor
	customer string
	r        *http.Request
	base     string // path of the users
}

// scim is the frame: who asks, how often, for which customer; then the handler; then the answer, in the shapes of RFC 7644.
func (a *API) scim(act access.Action, h func(ctx context.Context, c *scimCall) (int, any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{op: &Op{}}
		err := a.admit(c, r)
		s := &scimCall{actor: c.actor, customer: r.PathValue("customer"), r: r, base: scimPath + "/Users"}
		if s.customer != "" {
			s.base = scimPath + "/customers/" + s.customer + "/Users"
		} else if place := c.actor.Place(); place.Kind == access.Customer {
			s.customer = place.ID
		} else if err == nil {
			err = errMissing
		}
		if err == nil && !c.actor.Can(act) {
			err = access.Decide(c.actor, act, access.Target{Tenant: c.actor.Place()})
		}
		status, body := 0, any(nil)
		if err == nil {
			status, body, err = h(r.Context(), s)
		}
		if err != nil {
			if r.Method != http.MethodGet && c.actor.ID != "" {
				_ = a.d.Journal.Fail(r.Context(), c.actor, "user/sync", c.actor.Place(), journal.Target{Kind: "user", ID: r.PathValue("id")}, err)
			}
			status, body = scimRefusal(w, r, err)
		}
		w.Header().Set("Cache-Control", "no-store")
		if u, ok := body.(scimResource); ok {
			w.Header().Set("Etag", u.Meta.Version)
			w.Header().Set("Location", u.Meta.Location)
		}
		if body == nil {
			w.WriteHeader(status)
			return
		}
		w.Header().Set("Content-Type", scimType)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
}

// scimRefusal is the error of RFC 7644 section 3.12. What is taken is uniqueness, whatever took it.
func scimRefusal(w http.ResponseWriter, r *http.Request, err error) (int, any) {
	e := httpx.Refusal(err)
	httpx.LogCause(r.Context(), err)
	status := httpx.Status(e.Kind)
	out := map[string]any{"schemas": []string{scimError}, "status": strconv.Itoa(status), "detail": e.Message}
	switch {
	case status == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="linecard"`)
	case status == http.StatusConflict:
		out["scimType"] = "uniqueness"
	case e.Code == errScimFilter.Code:
		out["scimType"] = "invalidFilter"
	case e.Code == errScimPath.Code:
		out["scimType"] = "invalidPath"
	case e.Code == errScimBody.Code:
		out["scimType"] = "invalidSyntax"
	case status == http.StatusBadRequest:
		out["scimType"] = "invalidValue"
	}
	if len(e.Fields) > 0 {
		out["detail"] = e.Fields[0].Name + ": " + e.Fields[0].Message
	}
	return status, out
}

func (c *scimCall) wire(u subscriber.User) scimResource {
	active := scimBool(u.Active)
	out := scimResource{Schemas: []string{scimUser, scimOurs}, ID: u.ID, ExternalID: u.ExternalID, UserName: u.Email, DisplayName: u.DisplayName, Active: &active,
		Name:   &scimName{Formatted: u.FirstName + " " + u.LastName, GivenName: u.FirstName, FamilyName: u.LastName},
		Emails: []scimValue{{Value: u.Email, Type: "work", Primary: true}}, Ours: &scimExtra{Package: u.Package, LocationID: u.LocationID, Extension: u.Extension, Number: u.Number},
		Meta: &scimMeta{ResourceType: "User", Created: u.Created.Time, LastModified: u.Updated.Time, Location: c.base + "/" + u.ID, Version: `W/"` + strconv.FormatInt(u.Version, 10) + `"`}}
	if u.Number != "" {
		out.Phones = []scimValue{{Value: u.Number, Type: "work"}}
	}
	return out
}

func (c *scimCall) read(into any) error {
	b, err := httpx.ReadBody(c.r)
	if err != nil {
		return err
	}
	if err := checkJSON(b, true); err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return errScimBody.Because(err)
	}
	return nil
}

// email is the address of a user: its name, which must be one, else its primary address.
func (u scimResource) email() (string, error) {
	if strings.Contains(u.UserName, "@") {
		return u.UserName, nil
	}
	for _, e := range u.Emails {
		if bool(e.Primary) || len(u.Emails) == 1 {
			return e.Value, nil
		}
	}
	return "", errScimName
}

func (a *API) scimCreate(ctx context.Context, c *scimCall) (int, any, error) {
	var in scimResource
	if err := c.read(&in); err != nil {
		return 0, nil, err
	}
	email, err := in.email()
	if err != nil {
		return 0, nil, err
	}
	n := subscriber.NewUser{Email: email, ExternalID: in.ExternalID, DisplayName: in.DisplayName, Inactive: in.Active != nil && !bool(*in.Active)}
	if in.Name != nil {
		n.FirstName, n.LastName = in.Name.GivenName, in.Name.FamilyName
	}
	if in.Ours != nil {
		n.Package, n.LocationID, n.Extension, n.Number = in.Ours.Package, in.Ours.LocationID, in.Ours.Extension, in.Ours.Number
	}
	u, err := a.d.Subscriber.SyncUser(ctx, c.actor, c.customer, n)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, c.wire(u), nil
}

func (a *API) scimGet(ctx context.Context, c *scimCall) (int, any, error) {
	u, err := a.d.Subscriber.User(ctx, c.actor, c.customer, c.r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.wire(u), nil
}

var scimEq = regexp.MustCompile(`(?i)^\s*(userName|externalId|id)\s+eq\s+("(?:[^"\\]|\\.)*")\s*$`)

func (a *API) scimListUsers(ctx context.Context, c *scimCall) (int, any, error) {
	q := c.r.URL.Query()
	by := subscriber.HolderQuery{CustomerID: c.customer, Page: db.Page{Sort: "created"}}
	count, start := 100, 1
	if n, err := strconv.Atoi(q.Get("count")); err == nil {
		count = min(max(n, 0), scimMost)
	}
	if n, err := strconv.Atoi(q.Get("startIndex")); err == nil {
		start = max(n, 1)
	}
	var found []subscriber.User
	total := int64(0)
	if text := q.Get("filter"); text != "" {
		m := scimEq.FindStringSubmatch(text)
		var value string
		if m == nil || json.Unmarshal([]byte(m[2]), &value) != nil || value == "" {
			return 0, nil, errScimFilter
		}
		switch strings.ToLower(m[1]) {
		case "username":
			by.Email = value
		case "externalid":
			by.ExternalID = value
		case "id":
			u, err := a.d.Subscriber.User(ctx, c.actor, c.customer, value)
			if err == nil {
				found, total = append(found, u), 1
			} else if errs.KindOf(err) != errs.NotFound {
				return 0, nil, err
			}
			return http.StatusOK, c.page(found, total, start), nil
		}
	}
	total, err := a.d.Subscriber.CountUsers(ctx, c.actor, by)
	if err == nil && count > 0 {
		by.Offset, by.Page.Limit = start-1, count
		found, _, err = a.d.Subscriber.Users(ctx, c.actor, by)
	}
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.page(found, total, start), nil
}

func (c *scimCall) page(found []subscriber.User, total int64, start int) any {
	all := make([]scimResource, len(found))
	for i, u := range found {
		all[i] = c.wire(u)
	}
	return map[string]any{"schemas": []string{scimList}, "totalResults": total, "startIndex": start, "itemsPerPage": len(all), "Resources": all}
}

// version is what If-Match asks for; 0 without one.
func (c *scimCall) version() int64 {
	n, _ := strconv.ParseInt(strings.Trim(strings.TrimPrefix(c.r.Header.Get("If-Match"), "W/"), `"`), 10, 64)
	return n
}

func (a *API) scimReplace(ctx context.Context, c *scimCall) (int, any, error) {
	var in scimResource
	if err := c.read(&in); err != nil {
		return 0, nil, err
	}
	email, err := in.email()
	if err != nil {
		return 0, nil, err
	}
	active := in.Active == nil || bool(*in.Active)
	p := subscriber.HolderPatch{Email: &email, ExternalID: &in.ExternalID, Active: &active, IfVersion: c.version()}
	if in.Name != nil {
		p.FirstName, p.LastName = &in.Name.GivenName, &in.Name.FamilyName
	}
	if in.DisplayName != "" {
		p.DisplayName = &in.DisplayName
	}
	return a.scimEdit(ctx, c, p)
}

func (a *API) scimEdit(ctx context.Context, c *scimCall, p subscriber.HolderPatch) (int, any, error) {
	u, err := a.d.Subscriber.SyncEdit(ctx, c.actor, c.customer, c.r.PathValue("id"), p)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.wire(u), nil
}

// scimChange applies the operations of RFC 7644 section 3.5.2.
func (a *API) scimChange(ctx context.Context, c *scimCall) (int, any, error) {
	var in struct {
		Schemas    []string `json:"schemas"`
		Operations []struct {
			Op    string          `json:"op"`
			Path  string          `json:"path"`
			Value json.RawMessage `json:"value"`
		} `json:"Operations"`
	}
	if err := c.read(&in); err != nil {
		return 0, nil, err
	}
	p := subscriber.HolderPatch{IfVersion: c.version()}
	for _, o := range in.Operations {
		op := strings.ToLower(o.Op)
		if op != "add" && op != "replace" && op != "remove" {
			return 0, nil, errScimBody
		}
		if o.Path != "" {
			if err := scimSet(&p, o.Path, op, o.Value); err != nil {
				return 0, nil, err
			}
			continue
		}
		var many map[string]json.RawMessage
		if op == "remove" || json.Unmarshal(o.Value, &many) != nil {
			return 0, nil, errScimBody
		}
		for path, value := range many {
			if err := scimSet(&p, path, op, value); err != nil {
				return 0, nil, err
			}
		}
	}
	return a.scimEdit(ctx, c, p)
}

// scimSet writes one attribute into the patch. What Linecard does not keep is passed over, as directories send much more than they are
// asked for; what it keeps and cannot take away is refused.
func scimSet(p *subscriber.HolderPatch, path, op string, value json.RawMessage) error {
	lower := strings.ToLower(strings.TrimPrefix(path, scimUser+":"))
	text := func(to **string) error {
		v := ""
		if op != "remove" && json.Unmarshal(value, &v) != nil {
			return errScimBody
		}
		*to = &v
		return nil
	}
	switch {
	case lower == "active":
		v := scimBool(false)
		if op != "remove" && json.Unmarshal(value, &v) != nil {
			return errScimBody
		}
		b := bool(v)
		p.Active = &b
	case lower == "username":
		return text(&p.Email)
	case lower == "externalid":
		return text(&p.ExternalID)
	case lower == "displayname":
		return text(&p.DisplayName)
	case lower == "name.givenname":
		return text(&p.FirstName)
	case lower == "name.familyname":
		return text(&p.LastName)
	case lower == "name":
		var n scimName
		if op == "remove" || json.Unmarshal(value, &n) != nil {
			return errScimBody
		}
		if n.GivenName != "" {
			p.FirstName = &n.GivenName
		}
		if n.FamilyName != "" {
			p.LastName = &n.FamilyName
		}
	case lower == strings.ToLower(scimOurs+":extension"):
		return text(&p.Extension)
	case lower == strings.ToLower(scimOurs+":phoneNumber"):
		return text(&p.Number)
	case lower == strings.ToLower(scimOurs+":locationId"):
		return text(&p.LocationID)
	case lower == "id", lower == "meta", lower == "schemas", strings.HasPrefix(lower, strings.ToLower(scimOurs)):
		return errScimPath
	}
	return nil
}

func (a *API) scimDelete(ctx context.Context, c *scimCall) (int, any, error) {
	return http.StatusNoContent, nil, a.d.Subscriber.SyncDelete(ctx, c.actor, c.customer, c.r.PathValue("id"), c.version())
}

// scimAbout says what this provider can do (RFC 7643 section 5).
func scimAbout(context.Context, *scimCall) (int, any, error) {
	no := map[string]any{"supported": false}
	return http.StatusOK, map[string]any{"schemas": []string{scimConfig}, "patch": map[string]any{"supported": true},
		"bulk":   map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": map[string]any{"supported": true, "maxResults": scimMost}, "changePassword": no, "sort": no, "etag": map[string]any{"supported": true},
		"authenticationSchemes": []any{map[string]any{"type": "oauthbearertoken", "name": "Bearer token", "description": "A token of the customer", "primary": true}}}, nil
}

// Directory is what a user gets that a directory brings.
type Directory struct {
	Package        string `json:"package" required:"false" maxLength:"64" doc:"Code of the base package; empty: the directory must name one"`
	LocationID     string `json:"location_id" required:"false" maxLength:"64"`
	FirstExtension string `json:"first_extension" required:"false" maxLength:"10" doc:"With calling: the next free one from here on"`
}

func (a *API) getDirectory(ctx context.Context, c *call, in *CustomerRef) (Directory, error) {
	out, version, err := a.d.Subscriber.AutomaticOf(ctx, c.actor, in.Customer)
	c.tagged(version)
	return Directory(out), err
}

type putDirectoryIn struct {
	CustomerRef
	Body Directory
}

func (a *API) putDirectory(ctx context.Context, c *call, in *putDirectoryIn) (Directory, error) {
	out, version, err := a.d.Subscriber.SetAutomatic(ctx, c.actor, in.Customer, subscriber.Automatic(in.Body), c.ifVersion())
	c.tagged(version)
	return Directory(out), err
}
