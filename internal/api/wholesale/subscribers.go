package wholesale

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// subscriberWire is a user as clients see it. What has no value is left out.
type subscriberWire struct {
	ID               string   `json:"id"`
	PersonID         string   `json:"personId,omitempty"` // once provisioned
	Email            string   `json:"email"`
	CustomerID       string   `json:"customerId"`
	ExternalCustomer string   `json:"externalCustomerId,omitempty"`
	Package          string   `json:"package,omitempty"`
	Packages         []string `json:"packages"`
	Status           string   `json:"status"`
	Created          string   `json:"created"`
	StatusChanged    string   `json:"lastStatusChange"`
}

// subscriberIn is what creates, changes and checks of a subscriber have in common.
type subscriberIn struct {
	ProvisioningID string   `json:"provisioningId"`
	CustomerID     string   `json:"customerId"`
	Email          string   `json:"email"`
	Package        string   `json:"package"`
	Packages       []string `json:"packages"`
	Info           *struct {
		Email string `json:"primaryEmail"`
	} `json:"customerInfo"`
	Parameters *struct {
		First     string `json:"firstName"`
		Last      string `json:"lastName"`
		Number    string `json:"primaryPhoneNumber"`
		Extension string `json:"extension"`
		Location  string `json:"locationId"`
	} `json:"provisioningParameters"`
}

// subscriberNames are the names of the room's fields in this API.
var subscriberNames = map[string]string{"first_name": "provisioningParameters.firstName", "last_name": "provisioningParameters.lastName",
	"number": "provisioningParameters.primaryPhoneNumber", "extension": "provisioningParameters.extension", "location_id": "provisioningParameters.locationId",
	"package": "packages", "add_ons": "packages"}

// chosen are the packages of a body: exactly one base package, and add-ons.
type chosen struct {
	given  bool
	list   bool // as a list, which is then complete
	base   string
	addOns []string
}

var (
	errOneForm = errs.Field{Name: "packages", Code: "one_of", Message: "Give either package or packages."}
	errOneBase = errs.Field{Name: "packages", Code: "one_of", Message: "Give exactly one base package. Add-ons may stand beside it."}
	errUnknown = errs.Field{Name: "packages", Code: "unknown_value", Message: "This is none of the possible values."}
)

// choose reads package or packages. single are the values that the older field takes: more in a change than in a create.
func (a *API) choose(ctx context.Context, in subscriberIn, single []string) (chosen, error) {
	out := chosen{given: in.Package != "" || len(in.Packages) > 0, list: len(in.Packages) > 0}
	switch {
	case !out.given:
		return out, nil
	case in.Package != "" && out.list && !slices.Equal(in.Packages, []string{in.Package}):
		return out, errs.BadFields([]errs.Field{errOneForm})
	}
	names, allowed := in.Packages, subscriberPackages
	if !out.list {
		names, allowed = []string{in.Package}, single
	}
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			return out, errs.BadFields([]errs.Field{errUnknown})
		}
		i, err := a.d.Catalog.Code(ctx, a.d.DB, name)
		switch {
		case err != nil:
			return out, err
		case i.Kind == catalog.AddOn:
			out.addOns = append(out.addOns, i.Code)
		case out.base != "":
			return out, errs.BadFields([]errs.Field{errOneBase})
		default:
			out.base = i.Code
		}
	}
	if out.base == "" {
		return out, errs.BadFields([]errs.Field{errOneBase})
	}
	return out, nil
}

// newUser makes of a body what the room takes.
func (a *API) newUser(in subscriberIn, p chosen) (subscriber.NewUser, error) {
	n := subscriber.NewUser{Email: in.Email, Package: p.base, AddOns: p.addOns, AskConsent: a.d.AskConsent}
	if q := in.Parameters; q != nil {
		n.FirstName, n.LastName, n.Number, n.Extension = q.First, q.Last, q.Number, q.Extension
		if q.Location != "" {
			id, ok := decode(q.Location)
			if !ok {
				return n, errs.BadFields([]errs.Field{badID("provisioningParameters.locationId")})
			}
			n.LocationID = id
		}
	}
	return n, nil
}

func (a *API) createSubscriber(ctx context.Context, c *call) (answer, error) {
	var in subscriberIn
	if err := into(c.body, &in); err != nil {
		return answer{}, err
	}
	p, err := a.choose(ctx, in, singlePackages)
	if err == nil {
		err = missing(map[string]bool{"customerId": in.CustomerID != "", "email": in.Email != "", "packages": p.given, "provisioningParameters": in.Parameters != nil})
	}
	if err != nil {
		return answer{}, err
	}
	t, err := a.owner(ctx, c, in.CustomerID)
	if err != nil {
		return answer{}, err
	}
	n, err := a.newUser(in, p)
	if err != nil {
		return answer{}, err
	}
	u, err := a.d.Subscribers.CreateUser(ctx, c.actor, t.ID, n)
	if err != nil {
		return answer{}, err
	}
	status := http.StatusOK
	if u.Status == subscriber.Pending {
		status = http.StatusAccepted
	}
	return a.subscriber(ctx, c, u, status)
}

// owner gives the customer that a body or a user names: of the provider acted for, or one that the actor sees.
func (a *API) owner(ctx context.Context, c *call, given string) (tenant.Tenant, error) {
	id, ok := decode(given)
	if !ok {
		return tenant.Tenant{}, errs.BadFields([]errs.Field{badID("customerId")})
	}
	t, target, err := a.d.Tenants.Target(ctx, a.d.DB, c.actor, id)
	if err == nil {
		err = access.Decide(c.actor, c.op.need, target)
	}
	if err == nil && (t.Kind != access.Customer || c.provider.ID != "" && t.ParentID != c.provider.ID) {
		err = errMissing
	}
	return t, alike(err)
}

// user gives the user of the path with its customer.
func (a *API) user(ctx context.Context, c *call) (subscriber.User, error) {
	u, err := a.d.Subscribers.UserByID(ctx, c.actor, c.id)
	if err == nil && c.provider.ID != "" {
		_, err = a.owner(ctx, c, u.CustomerID)
	}
	return u, alike(err)
}

func (a *API) getSubscriber(ctx context.Context, c *call) (answer, error) {
	u, err := a.user(ctx, c)
	if err != nil {
		return answer{}, err
	}
	return a.subscriber(ctx, c, u, http.StatusOK)
}

func (a *API) updateSubscriber(ctx context.Context, c *call) (answer, error) {
	var in subscriberIn
	if err := into(c.body, &in); err != nil {
		return answer{}, err
	}
	p, err := a.choose(ctx, in, subscriberPackages)
	if err == nil {
		err = missing(map[string]bool{"packages": p.given})
	}
	if err != nil {
		return answer{}, err
	}
	n, err := a.newUser(in, p)
	if err != nil {
		return answer{}, err
	}
	u, err := a.user(ctx, c)
	if err != nil {
		return answer{}, err
	}
	// The public call cannot confirm that a number is given back, and promises the change.
	ch := subscriber.PackageChange{Package: p.base, LocationID: n.LocationID, Extension: n.Extension, Number: n.Number, Confirm: true}
	if p.list {
		ch.AddOns = &p.addOns
	}
	if u, err = a.d.Subscribers.SetPackage(ctx, c.actor, u.CustomerID, u.ID, ch); err != nil {
		return answer{}, err
	}
	return a.subscriber(ctx, c, u, http.StatusOK)
}

// askConsent writes once more to somebody who waits for consent.
func (a *API) askConsent(ctx context.Context, c *call) (answer, error) {
	u, err := a.user(ctx, c)
	if err == nil {
		_, err = a.d.Subscribers.AskAgain(ctx, c.actor, u.CustomerID, u.ID)
	}
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func (a *API) deleteSubscriber(ctx context.Context, c *call) (answer, error) {
	u, err := a.user(ctx, c)
	if err == nil {
		err = a.d.Subscribers.DeleteUser(ctx, c.actor, u.CustomerID, u.ID, 0)
	}
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// subscriber is the answer with one user.
func (a *API) subscriber(ctx context.Context, c *call, u subscriber.User, status int) (answer, error) {
	all, err := a.subscribers(ctx, []subscriber.User{u})
	if err != nil {
		return answer{}, err
	}
	return answer{status: status, location: c.located("/wholesale/subscribers/" + all[0].ID), body: all[0]}, nil
}

// subscribers puts users into the words of this API.
func (a *API) subscribers(ctx context.Context, all []subscriber.User) ([]subscriberWire, error) {
	names, err := a.names(ctx)
	if err != nil {
		return nil, err
	}
	external := map[string]string{}
	out := make([]subscriberWire, 0, len(all))
	for _, u := range all {
		if _, known := external[u.CustomerID]; !known {
			t, err := a.d.Tenants.Load(ctx, a.d.DB, u.CustomerID)
			if err != nil {
				return nil, err
			}
			external[u.CustomerID] = t.ExternalID
		}
		w := subscriberWire{ID: encode(subscriberID, u.ID), Email: u.Email, CustomerID: encode(customerID, u.CustomerID), ExternalCustomer: external[u.CustomerID],
			Packages: []string{}, Status: string(u.Status), Created: instant(u.Created), StatusChanged: instant(u.StatusChanged)}
		if u.Status == subscriber.Provisioned {
			w.PersonID = encode(personID, u.ID)
		}
		for _, code := range append([]string{u.Package}, u.AddOns...) {
			if name := names[code]; slices.Contains(subscriberPackages, name) {
				w.Packages = append(w.Packages, name)
			}
		}
		if name := names[u.Package]; slices.Contains(singlePackages, name) {
			w.Package = name
		}
		out = append(out, w)
	}
	return out, nil
}

// The orders of the list; the example of the public description has an older name for the first.
var subscriberSorts = map[string]string{"": "created", "created": "created", "userCreationTimestamp": "created", "lastStatusChange": "status_changed"}

func (a *API) listSubscribers(ctx context.Context, c *call) (answer, error) {
	w, err := windowOf(c.query, pageUsual)
	if err != nil {
		return answer{}, err
	}
	q, err := c.holders()
	if err != nil {
		return answer{}, err
	}
	q.Page.Limit, q.Offset = w.max, w.offset
	found, next, err := a.d.Subscribers.Users(ctx, c.actor, q)
	if err != nil && errs.KindOf(err) != errs.NotFound { // a customer that is not there has no subscribers
		return answer{}, err
	}
	items, err := a.subscribers(ctx, found)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, links: w.links(c.base+c.op.path, c.query, next != ""), body: map[string]any{"items": items}}, nil
}

// holders makes of the query what the room takes.
func (c *call) holders() (subscriber.HolderQuery, error) {
	var check errs.Checker
	q := subscriber.HolderQuery{ProviderID: c.provider.ID, Email: c.query.Get("email"), ExternalCustomerID: c.query.Get("externalCustomerId"),
		Status: subscriber.Status(c.query.Get("status"))}
	if q.ProviderID == "" && c.actor.Tenant.Kind != access.Operator && c.query.Get("customerId") == "" {
		q.ProviderID = c.actor.Place().ID // those of sub-partners come only when they are asked for (WS-87)
	}
	for name, to := range map[string]*string{"customerId": &q.CustomerID, "personId": &q.ID} {
		if given := c.query.Get(name); given != "" {
			id, ok := decode(given)
			if !ok {
				check.Add(badID(name))
			}
			*to = id
		}
	}
	for name, to := range map[string]*db.Time{"after": &q.CreatedSince, "lastStatusChange": &q.ChangedSince} {
		if given := strings.TrimSpace(c.query.Get(name)); given != "" {
			t, ok := since(given)
			if !ok {
				check.Add(errs.Field{Name: name, Code: "bad_time", Message: "Give milliseconds since 1970, or an instant as RFC 3339."})
			}
			*to = db.At(t)
		}
	}
	sort, ok := subscriberSorts[c.query.Get("sortBy")]
	if !ok {
		check.Add(errs.Field{Name: "sortBy", Code: "unknown_value", Message: "This is none of the possible values."})
	}
	switch strings.ToUpper(c.query.Get("sortOrder")) {
	case "", "ASC":
	case "DESC":
		sort = "-" + sort
	default:
		check.Add(errs.Field{Name: "sortOrder", Code: "unknown_value", Message: "This is none of the possible values."})
	}
	q.Page.Sort = sort
	return q, check.Err()
}
