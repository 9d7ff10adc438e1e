package wholesale

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/onboard"
)

// customerWire is a customer as clients see it. What has no value is left out.
type customerWire struct {
	ID         string         `json:"id"`
	OrgID      string         `json:"orgId,omitempty"` // once provisioned
	ExternalID string         `json:"externalId,omitempty"`
	Address    *addressWire   `json:"address,omitempty"`
	Status     string         `json:"status"`
	Packages   []string       `json:"packages"`
	Resources  *resourcesWire `json:"resourceDetails,omitempty"`
	Errors     []fault        `json:"errors,omitempty"`
}

type resourcesWire struct {
	Packages []packageWire `json:"packages"`
}

type packageWire struct {
	Name     string   `json:"name"`
	Status   string   `json:"status"`
	Errors   []fault  `json:"errors,omitempty"`
	Licenses []string `json:"licenseIds,omitempty"`
}

type addressWire struct {
	Line1   string `json:"addressLine1,omitempty"`
	Line2   string `json:"addressLine2,omitempty"`
	City    string `json:"city,omitempty"`
	State   string `json:"stateOrProvince,omitempty"`
	Postal  string `json:"zipOrPostalCode,omitempty"`
	Country string `json:"country,omitempty"`
}

// customerIn is what creates, changes and checks of a customer have in common.
type customerIn struct {
	ProvisioningID string       `json:"provisioningId"`
	Packages       []string     `json:"packages"`
	OrgID          string       `json:"orgId"`
	ExternalID     *string      `json:"externalId"`
	Address        *addressWire `json:"address"`
	Info           *struct {
		Name     string `json:"name"`
		Email    string `json:"primaryEmail"`
		Language string `json:"language"`
	} `json:"customerInfo"`
	Parameters struct {
		Calling struct {
			Location *struct {
				Name      string      `json:"name"`
				Address   addressWire `json:"address"`
				TimeZone  string      `json:"timezone"`
				Language  string      `json:"language"`
				Emergency string      `json:"emergencyLocationIdentifier"`
			} `json:"location"`
		} `json:"calling"`
		Meetings struct {
			TimeZone *string `json:"timezone"`
		} `json:"meetings"`
		Packages struct {
			Limits map[string]*json.Number `json:"limits"`
		} `json:"packages"`
	} `json:"provisioningParameters"`
	SubPartnerAdmin string `json:"subPartnerAdminEmail"`
}

// customerNames are the names of onboarding's fields in this API.
var customerNames = func() map[string]string {
	const location = "provisioningParameters.calling.location"
	m := map[string]string{"name": "customerInfo.name", "email": "customerInfo.primaryEmail", "language": "customerInfo.language", "location": location,
		"meetings_time_zone": "provisioningParameters.meetings.timezone", "meeting_zone": "provisioningParameters.meetings.timezone",
		"limits": "provisioningParameters.packages.limits", "sub_partner_admin": "subPartnerAdminEmail", "org_id": "orgId",
		location + ".time_zone": location + ".timezone", "location.name": location + ".name", "location.time_zone": location + ".timezone",
		"location.language": location + ".language", "location.emergency_id": location + ".emergencyLocationIdentifier", "location.address": location + ".address"}
	for ours, theirs := range map[string]string{"line1": "addressLine1", "line2": "addressLine2", "city": "city", "state": "stateOrProvince",
		"postal_code": "zipOrPostalCode", "country": "country"} {
		m["address."+ours] = "address." + theirs
		m["location.address."+ours] = location + ".address." + theirs
	}
	return m
}()

func (w addressWire) address() onboard.Address {
	return onboard.Address{Line1: w.Line1, Line2: w.Line2, City: w.City, State: w.State, PostalCode: w.Postal, Country: w.Country}
}

func addressOf(a onboard.Address) *addressWire {
	if a == (onboard.Address{}) {
		return nil
	}
	return &addressWire{a.Line1, a.Line2, a.City, a.State, a.PostalCode, a.Country}
}

// readCustomer decodes a body and checks what the rooms cannot: the packages that have a name here, the limits, ids.
func readCustomer(b []byte) (customerIn, onboard.Request, error) {
	var in customerIn
	if err := into(b, &in); err != nil {
		return in, onboard.Request{}, err
	}
	var c errs.Checker
	n := onboard.Request{ProvisioningID: provisioning(in.ProvisioningID), Packages: in.Packages, SubPartnerAdmin: in.SubPartnerAdmin}
	for i, p := range in.Packages {
		if !slices.Contains(customerPackages, p) {
			c.Add(errs.Field{Name: "packages[" + strconv.Itoa(i) + "]", Code: "unknown_value", Message: "This is none of the possible values."})
		}
	}
	if in.OrgID != "" {
		id, ok := decode(in.OrgID)
		if !ok {
			c.Add(badID("orgId"))
		}
		n.OrgID = id
	}
	if in.ExternalID != nil {
		n.ExternalID = *in.ExternalID
	}
	if in.Address != nil {
		n.Address = in.Address.address()
	}
	if in.Info != nil {
		n.Name, n.Email, n.Language = in.Info.Name, in.Info.Email, in.Info.Language
	}
	if l := in.Parameters.Calling.Location; l != nil {
		n.Location = &onboard.Headquarters{Name: l.Name, Address: l.Address.address(), TimeZone: l.TimeZone, Language: l.Language, EmergencyID: l.Emergency}
	}
	if z := in.Parameters.Meetings.TimeZone; z != nil {
		n.MeetingsZone = *z
	}
	n.Limits = limitsOf(&c, in.Parameters.Packages.Limits)
	return in, n, c.Err()
}

// provisioning gives a template's provisioning id as it is kept: clients send it with padding too.
func provisioning(given string) string { return strings.TrimRight(strings.TrimSpace(given), "=") }

// limitsOf takes whole numbers, also written as 10.0 as some clients do.
func limitsOf(c *errs.Checker, in map[string]*json.Number) map[string]int64 {
	var out map[string]int64
	for name, given := range in {
		if given == nil {
			continue
		}
		at := "provisioningParameters.packages.limits." + name
		n, err := strconv.ParseInt(strings.TrimSuffix(given.String(), ".0"), 10, 64)
		switch {
		case !slices.Contains(limited, name):
			continue // unknown fields are left out of account
		case err != nil || n < 0:
			c.Add(errs.Field{Name: at, Code: "out_of_range", Message: "The number is out of range."})
			continue
		case out == nil:
			out = map[string]int64{}
		}
		out[name] = n
	}
	return out
}

func badID(name string) errs.Field {
	return errs.Field{Name: name, Code: "bad_id", Message: "This is not an id of this API."}
}

// missing gives the faults of what must be there.
func missing(fields map[string]bool) error {
	var faults []errs.Field
	for name, there := range fields {
		if !there {
			faults = append(faults, required(name))
		}
	}
	slices.SortFunc(faults, func(x, y errs.Field) int { return strings.Compare(x.Name, y.Name) })
	return errs.BadFields(faults)
}

func (a *API) createCustomer(ctx context.Context, c *call) (answer, error) {
	in, n, err := readCustomer(c.body)
	if err == nil {
		err = missing(map[string]bool{"provisioningId": n.ProvisioningID != "", "packages": len(n.Packages) > 0, "address": in.Address != nil,
			"externalId": n.ExternalID != "" || in.OrgID != "", "customerInfo": in.Info != nil || in.OrgID != ""})
	}
	if err != nil {
		return answer{}, err
	}
	n.OnBehalfOf = c.provider.ID
	made, err := a.d.Onboard.Provision(ctx, c.actor, n)
	if err != nil {
		return answer{}, a.there(ctx, c, n, err)
	}
	return c.accepted(made.ID), nil
}

// standing is a refusal because of a customer that is there already.
type standing struct {
	error
	at string // its address
}

func (s standing) Unwrap() error { return s.error }

// there adds to the refusal of an external id that is taken where the customer is that has it: a client that asks again after a time-out
// finds what its first request made (WS-42).
func (a *API) there(ctx context.Context, c *call, n onboard.Request, err error) error {
	if errs.CodeOf(err) != "external_id_taken" || n.ExternalID == "" {
		return err
	}
	found, _, lost := a.d.Onboard.Customers(ctx, c.actor, onboard.CustomerQuery{OnBehalfOf: n.OnBehalfOf, ExternalID: n.ExternalID, Page: db.Page{Limit: 1}})
	if lost != nil || len(found) == 0 {
		return err
	}
	return standing{err, c.customerURL(found[0].ID)}
}

// accepted is the answer to what goes on in the background: where to look, in header and body.
func (c *call) accepted(customer string) answer {
	at := c.customerURL(customer)
	return answer{status: http.StatusAccepted, location: at, body: map[string]string{"url": at}}
}

// customerURL is the address of a customer. Whoever acts for a sub-partner can follow it as it is.
func (c *call) customerURL(id string) string {
	return c.located("/wholesale/customers/" + encode(customerID, id))
}

func (c *call) located(path string) string {
	if c.provider.ID == "" {
		return c.base + path
	}
	return c.base + path + "?" + url.Values{behalf: {encode(orgID, c.provider.ID)}}.Encode()
}

func (a *API) updateCustomer(ctx context.Context, c *call) (answer, error) {
	in, n, err := readCustomer(c.body)
	if err == nil {
		err = missing(map[string]bool{"packages": len(n.Packages) > 0})
	}
	if err != nil {
		return answer{}, err
	}
	ch := onboard.Change{OnBehalfOf: c.provider.ID, Packages: &n.Packages, Limits: n.Limits, ExternalID: in.ExternalID, Location: n.Location,
		MeetingsZone: in.Parameters.Meetings.TimeZone, SubPartnerAdmin: n.SubPartnerAdmin}
	if in.Address != nil {
		ch.Address = &n.Address
	}
	changed, err := a.d.Onboard.Update(ctx, c.actor, c.id, ch)
	if err != nil {
		return answer{}, alike(err)
	}
	return c.accepted(changed.ID), nil
}

// deleteCustomer ends the wholesale service with all that is assigned; the organisation stays (WS-141). The public call has no way to
// confirm, and promises to remove.
func (a *API) deleteCustomer(ctx context.Context, c *call) (answer, error) {
	if _, err := a.d.Onboard.Remove(ctx, c.actor, c.id, onboard.Removal{OnBehalfOf: c.provider.ID, Cascade: true}); err != nil {
		return answer{}, alike(err)
	}
	return answer{status: http.StatusAccepted}, nil
}

// alike makes every NotFound the same, whatever a room calls the thing.
func alike(err error) error {
	if errs.KindOf(err) == errs.NotFound {
		return errMissing
	}
	return err
}

func (a *API) getCustomer(ctx context.Context, c *call) (answer, error) {
	with := false
	switch strings.ToLower(c.query.Get("includePackageLicenseInfo")) {
	case "", "false":
	case "true":
		with = true
	default:
		return answer{}, errs.BadField("includePackageLicenseInfo", "wrong_type", "The value has the wrong type.")
	}
	got, err := a.d.Onboard.Wholesale(ctx, c.actor, c.id, c.provider.ID)
	if err != nil {
		return answer{}, alike(err)
	}
	names, err := a.names(ctx)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, location: c.customerURL(got.ID), body: customerOf(got, names, with)}, nil
}

// names gives the public name of each package of the catalogue.
func (a *API) names(ctx context.Context) (map[string]string, error) {
	all, err := a.d.Catalog.All(ctx, a.d.DB)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(all))
	for _, i := range all {
		out[i.Code] = public(i)
	}
	return out, nil
}

func customerOf(o onboard.Customer, names map[string]string, licenses bool) customerWire {
	w := customerWire{ID: encode(customerID, o.ID), ExternalID: o.ExternalID, Address: addressOf(o.Address.V), Status: string(o.Status), Packages: []string{}}
	switch o.Status {
	case onboard.StatusProvisioned, onboard.StatusWithErrors, onboard.StatusUpdating, onboard.StatusDeleting:
		w.OrgID = encode(orgID, o.ID)
	}
	var r resourcesWire
	for _, p := range o.Packages {
		name := names[p.Code]
		if name == "" {
			continue
		}
		one := packageWire{Name: name, Status: string(p.Status)}
		if p.Status == onboard.PackageError {
			one.Errors = []fault{{numberOf(p.Fault, http.StatusInternalServerError), p.Message}}
		}
		if licenses && p.Status == onboard.PackageProvisioned {
			one.Licenses = []string{license(o.ID, p.Code)}
		}
		w.Packages = append(w.Packages, name)
		r.Packages = append(r.Packages, one)
	}
	if len(r.Packages) > 0 {
		w.Resources = &r
	}
	for _, f := range o.Faults {
		if f.Subject == "" {
			w.Errors = append(w.Errors, fault{numberOf(f.Code, http.StatusInternalServerError), f.Message})
		}
	}
	return w
}

var customerStatuses = []onboard.Status{onboard.StatusProvisioned, onboard.StatusWithErrors, onboard.StatusProvisioning, onboard.StatusUpdating,
	onboard.StatusDeleting, onboard.StatusError, onboard.StatusReview}

func (a *API) listCustomers(ctx context.Context, c *call) (answer, error) {
	w, err := windowOf(c.query, pageUsual)
	if err != nil {
		return answer{}, err
	}
	q := onboard.CustomerQuery{OnBehalfOf: c.provider.ID, ExternalID: c.query.Get("externalId"), Offset: int64(w.offset), Page: db.Page{Limit: w.max, Sort: "created"}}
	if given := c.query.Get("orgId"); given != "" {
		id, ok := decode(given)
		if !ok {
			return answer{}, errs.BadFields([]errs.Field{badID("orgId")})
		}
		q.OrgID = id
	}
	for _, s := range list(c.query, "status") {
		if !slices.Contains(customerStatuses, onboard.Status(s)) {
			return answer{}, errs.BadField("status", "unknown_value", "This is none of the possible values.")
		}
		q.Status = append(q.Status, onboard.Status(s))
	}
	found, next, err := a.d.Onboard.Customers(ctx, c.actor, q)
	if err != nil {
		return answer{}, err
	}
	names, err := a.names(ctx)
	if err != nil {
		return answer{}, err
	}
	items := make([]customerWire, 0, len(found))
	for _, o := range found {
		items = append(items, customerOf(o, names, false))
	}
	return answer{status: http.StatusOK, links: w.links(c.base+c.op.path, c.query, next != ""), body: map[string]any{"items": items}}, nil
}
