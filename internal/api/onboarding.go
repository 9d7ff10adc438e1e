package api

import (
	"context"
	"net/http"
	"time"

	"linecard/internal/errs"
	"linecard/internal/onboard"
)

// PostalAddress is the address of an organisation or location (WS-48).
type PostalAddress struct {
	Line1      string `json:"line1" maxLength:"50"`
	Line2      string `json:"line2,omitempty" maxLength:"50"`
	City       string `json:"city" maxLength:"50"`
	State      string `json:"state,omitempty" maxLength:"50" doc:"Mandatory in some countries, as US, CA, AU"`
	PostalCode string `json:"postal_code,omitempty" maxLength:"16" doc:"Mandatory in most countries"`
	Country    string `json:"country" maxLength:"2" doc:"ISO 3166; becomes the organisation's country"`
}

// Headquarters is the first location of a customer with calling (WS-106).
type Headquarters struct {
	Name        string        `json:"name" maxLength:"128"`
	Address     PostalAddress `json:"address"`
	TimeZone    string        `json:"time_zone" maxLength:"64" example:"Europe/Berlin"`
	Language    string        `json:"language" maxLength:"8" example:"de_DE"`
	EmergencyID string        `json:"emergency_id,omitempty" maxLength:"64"`
}

func headquartersOf(h *Headquarters) *onboard.Headquarters {
	if h == nil {
		return nil
	}
	return &onboard.Headquarters{Name: h.Name, Address: onboard.Address(h.Address), TimeZone: h.TimeZone, Language: h.Language, EmergencyID: h.EmergencyID}
}

// WholesaleCustomer is the wholesale service of a customer, with where its provisioning stands (WS-39).
type WholesaleCustomer struct {
	ID            string             `json:"id" doc:"Of the customer"`
	OwnerID       string             `json:"owner_id"`
	Name          string             `json:"name"`
	Email         string             `json:"email"`
	ExternalID    string             `json:"external_id"`
	Address       PostalAddress      `json:"address"`
	Status        string             `json:"status" enum:"provisioning,provisioned,provisioned_with_errors,updating,deleting,error,pending_rpl_review"`
	StatusSince   time.Time          `json:"status_since"`
	Kind          string             `json:"kind" enum:"create,attach,update,delete" doc:"Of the last run"`
	Run           int64              `json:"run" doc:"Counts the runs"`
	Compliance    string             `json:"compliance" enum:"clear,pending,escalated,approved,denied"`
	Checked       *time.Time         `json:"checked" doc:"Last compliance check"`
	Consent       string             `json:"consent" enum:"none,requested,approved,denied" doc:"Of an existing organisation that is attached"`
	Template      WholesaleTemplate  `json:"template" doc:"As it was then"`
	Packages      []WholesalePackage `json:"packages"`
	MeetingSite   *MeetingSite       `json:"meeting_site" doc:"null without meetings"`
	Errors        []WholesaleFault   `json:"errors" doc:"Of the last run"`
	OperationID   string             `json:"operation_id" doc:"Of the last run"`
	LocaleWarning string             `json:"locale_warning" doc:"locale_fallback when the language that was asked for is not supported"`
	Created       time.Time          `json:"created"`
	Updated       time.Time          `json:"updated"`
}

// WholesaleTemplate is what a customer got from its template.
type WholesaleTemplate struct {
	ID             string `json:"id"`
	ProvisioningID string `json:"provisioning_id"`
	Name           string `json:"name"`
	BrandName      string `json:"brand_name"`
	Auth           string `json:"auth"`
	CarrierID      string `json:"carrier_id"`
	DisableCalls   bool   `json:"disable_calls"`
	SubscriptionID string `json:"subscription_id"`
}

// WholesalePackage is how far a package is.
type WholesalePackage struct {
	Code    string    `json:"code"`
	Status  string    `json:"status" enum:"provisioning,provisioned,deleting,error"`
	Error   string    `json:"error" doc:"Code of the refusal"`
	Message string    `json:"message"`
	Since   time.Time `json:"since"`
}

// MeetingSite is the conferencing site of a customer with meetings (WS-49, WS-52).
type MeetingSite struct {
	Locale   string   `json:"locale"`
	TimeZone string   `json:"time_zone"`
	DialIn   string   `json:"dial_in" doc:"Empty when there is none"`
	Warnings []string `json:"warnings"`
}

// WholesaleFault is something of a run that failed.
type WholesaleFault struct {
	Step    string `json:"step"`
	Subject string `json:"subject" doc:"Code of the package, where it is about one"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func wholesaleOf(c onboard.Customer) WholesaleCustomer {
	k := c.Settings.V
	out := WholesaleCustomer{ID: c.ID, OwnerID: c.OwnerID, Name: c.Name, Email: c.Email, ExternalID: c.ExternalID, Address: PostalAddress(c.Address.V), Status: string(c.Status),
		StatusSince: c.StatusSince.Time, Kind: c.Kind, Run: c.Run, Compliance: c.Compliance, Checked: when(c.Checked), Consent: c.Consent,
		Template: WholesaleTemplate{ID: k.TemplateID, ProvisioningID: k.ProvisioningID, Name: k.Name, BrandName: k.BrandName, Auth: k.Auth, CarrierID: k.CarrierID, DisableCalls: k.DisableCalls, SubscriptionID: k.SubscriptionID},
		Packages: []WholesalePackage{}, Errors: []WholesaleFault{}, OperationID: c.OperationID, LocaleWarning: c.Want.V.Locales.Warning, Created: c.Created.Time, Updated: c.Updated.Time}
	for _, p := range c.Packages {
		out.Packages = append(out.Packages, WholesalePackage{Code: p.Code, Status: string(p.Status), Error: p.Fault, Message: p.Message, Since: p.Since.Time})
	}
	for _, f := range c.Faults {
		out.Errors = append(out.Errors, WholesaleFault(f))
	}
	if m := c.Site; m != nil {
		out.MeetingSite = &MeetingSite{Locale: m.Locale, TimeZone: m.TimeZone, DialIn: m.DialIn, Warnings: orEmpty(m.Warnings.V)}
	}
	return out
}

// NewWholesaleCustomer asks for a customer of the wholesale offer (WS-114), or with org_id for an existing organisation to be attached
// (WS-115).
type NewWholesaleCustomer struct {
	OnBehalfOf       string           `json:"on_behalf_of,omitempty" doc:"A sub-partner of yours (WS-82)"`
	ProvisioningID   string           `json:"provisioning_id,omitempty" maxLength:"128" doc:"Of the template; mandatory"`
	Packages         []string         `json:"packages,omitempty" maxItems:"50" doc:"Codes or aliases; mandatory"`
	Limits           map[string]int64 `json:"limits,omitempty" doc:"Most of a package, by code"`
	ExternalID       string           `json:"external_id,omitempty" maxLength:"255" doc:"Mandatory for a new organisation"`
	Address          PostalAddress    `json:"address"`
	OrgID            string           `json:"org_id,omitempty" maxLength:"64" doc:"An existing customer of yours"`
	Name             string           `json:"name,omitempty" maxLength:"128" doc:"Mandatory for a new organisation"`
	Email            string           `json:"email,omitempty" maxLength:"254" doc:"The first administrator's; mandatory for a new organisation"`
	Language         string           `json:"language,omitempty" maxLength:"16"`
	Location         *Headquarters    `json:"location,omitempty" doc:"Mandatory with packages that have calling"`
	Numbers          []string         `json:"numbers,omitempty" maxItems:"10000" doc:"For the location"`
	MeetingsTimeZone string           `json:"meetings_time_zone,omitempty" maxLength:"64"`
	SubPartnerAdmin  string           `json:"sub_partner_admin,omitempty" maxLength:"254" doc:"E-mail of an administrator of the sub-partner"`
}

func (b NewWholesaleCustomer) request() onboard.Request {
	return onboard.Request{OnBehalfOf: b.OnBehalfOf, ProvisioningID: b.ProvisioningID, Packages: b.Packages, Limits: b.Limits, ExternalID: b.ExternalID,
		Address: onboard.Address(b.Address), OrgID: b.OrgID, Name: b.Name, Email: b.Email, Language: b.Language, Location: headquartersOf(b.Location), Numbers: b.Numbers,
		MeetingsZone: b.MeetingsTimeZone, SubPartnerAdmin: b.SubPartnerAdmin}
}

type createWholesaleIn struct{ Body NewWholesaleCustomer }

func (a *API) createWholesale(ctx context.Context, c *call, in *createWholesaleIn) (WholesaleCustomer, error) {
	k, err := a.d.Onboard.Provision(ctx, c.actor, in.Body.request())
	return accepted(c, k, err)
}

// accepted is the answer to what goes on in the background.
func accepted(c *call, k onboard.Customer, err error) (WholesaleCustomer, error) {
	if err == nil {
		c.status, c.location = http.StatusAccepted, "/customers/"+k.ID+"/wholesale"
		c.tagged(k.Version)
	}
	return wholesaleOf(k), err
}

// WholesaleBulk asks for several customers at once.
type WholesaleBulk struct {
	Items []NewWholesaleCustomer `json:"items" minItems:"1" maxItems:"100"`
}

// WholesaleBulkResult tells what became of each item, in their order.
type WholesaleBulkResult struct {
	Accepted int                 `json:"accepted"`
	Failed   int                 `json:"failed"`
	Items    []WholesaleBulkItem `json:"items"`
}

// WholesaleBulkItem is the customer, or why there is none.
type WholesaleBulkItem struct {
	Customer *WholesaleCustomer `json:"customer"`
	Error    *BulkFault         `json:"error"`
}

// BulkFault is why one item of several was refused.
type BulkFault struct {
	Code    string       `json:"code"`
	Message string       `json:"message"`
	Errors  []errs.Field `json:"errors"`
}

type bulkWholesaleIn struct{ Body WholesaleBulk }

// bulkWholesale accepts each item for itself; one that is refused spoils no other. Inside the transaction of an idempotency key or a dry
// run a refusal has written nothing, because rules come before rows.
func (a *API) bulkWholesale(ctx context.Context, c *call, in *bulkWholesaleIn) (WholesaleBulkResult, error) {
	out := WholesaleBulkResult{Items: []WholesaleBulkItem{}}
	for _, one := range in.Body.Items {
		k, err := a.d.Onboard.Provision(ctx, c.actor, one.request())
		switch kind := errs.KindOf(err); {
		case err == nil:
			w := wholesaleOf(k)
			out.Accepted++
			out.Items = append(out.Items, WholesaleBulkItem{Customer: &w})
		case kind == errs.Internal || kind == errs.Unavailable || kind == errs.TimedOut || kind == errs.Forbidden && len(in.Body.Items) == 1:
			return out, err
		default:
			e := errs.As(err)
			out.Failed++
			out.Items = append(out.Items, WholesaleBulkItem{Error: &BulkFault{Code: e.Code, Message: e.Message, Errors: orEmpty(e.Fields)}})
		}
	}
	return out, nil
}

type listWholesaleIn struct {
	Paged
	Sort       string `query:"sort" enum:"created,-created"`
	OnBehalfOf string `query:"on_behalf_of" doc:"Those of this sub-partner"`
	ExternalID string `query:"external_id" maxLength:"255" doc:"Exactly, in any case"`
	Status     string `query:"status" enum:"provisioning,provisioned,provisioned_with_errors,updating,deleting,error,pending_rpl_review"`
}

func (a *API) listWholesale(ctx context.Context, c *call, in *listWholesaleIn) (List[WholesaleCustomer], error) {
	q := onboard.CustomerQuery{OnBehalfOf: in.OnBehalfOf, ExternalID: in.ExternalID, Page: in.page(in.Sort)}
	if in.Status != "" {
		q.Status = []onboard.Status{onboard.Status(in.Status)}
	}
	all, next, err := a.d.Onboard.Customers(ctx, c.actor, q)
	return listOf(all, next, wholesaleOf), err
}

func (a *API) getWholesale(ctx context.Context, c *call, in *CustomerRef) (WholesaleCustomer, error) {
	k, err := a.d.Onboard.Wholesale(ctx, c.actor, in.Customer, "")
	c.tagged(k.Version)
	return wholesaleOf(k), err
}

// WholesaleChanges are what of the wholesale service shall change; packages is the complete list (WS-138).
type WholesaleChanges struct {
	Packages         *[]string        `json:"packages,omitempty" minItems:"1" maxItems:"50"`
	Limits           map[string]int64 `json:"limits,omitempty"`
	ExternalID       *string          `json:"external_id,omitempty" maxLength:"255"`
	Address          *PostalAddress   `json:"address,omitempty"`
	Location         *Headquarters    `json:"location,omitempty" doc:"Mandatory when calling comes new"`
	Numbers          []string         `json:"numbers,omitempty" maxItems:"10000"`
	MeetingsTimeZone *string          `json:"meetings_time_zone,omitempty" maxLength:"64"`
}

type editWholesaleIn struct {
	CustomerRef
	Body WholesaleChanges
}

func (a *API) editWholesale(ctx context.Context, c *call, in *editWholesaleIn) (WholesaleCustomer, error) {
	b := in.Body
	ch := onboard.Change{Packages: b.Packages, Limits: b.Limits, ExternalID: b.ExternalID, Location: headquartersOf(b.Location), Numbers: b.Numbers,
		MeetingsZone: b.MeetingsTimeZone, IfVersion: c.ifVersion()}
	if b.Address != nil {
		address := onboard.Address(*b.Address)
		ch.Address = &address
	}
	k, err := a.d.Onboard.Update(ctx, c.actor, in.Customer, ch)
	return accepted(c, k, err)
}

type deleteWholesaleIn struct {
	CustomerRef
	Cascade string `query:"cascade" enum:"true,false" doc:"Take users and workspaces with it; without, they are still_assigned"`
}

func (a *API) deleteWholesale(ctx context.Context, c *call, in *deleteWholesaleIn) (WholesaleCustomer, error) {
	k, err := a.d.Onboard.Remove(ctx, c.actor, in.Customer, onboard.Removal{Cascade: in.Cascade == "true", IfVersion: c.ifVersion()})
	return accepted(c, k, err)
}

func (a *API) retryWholesale(ctx context.Context, c *call, in *CustomerRef) (WholesaleCustomer, error) {
	k, err := a.d.Onboard.Retry(ctx, c.actor, in.Customer, c.ifVersion())
	return accepted(c, k, err)
}

// Consent is what an organisation says to being attached (WS-115).
type Consent struct {
	Agree bool `json:"agree"`
}

type consentWholesaleIn struct {
	CustomerRef
	Body Consent
}

func (a *API) consentWholesale(ctx context.Context, c *call, in *consentWholesaleIn) (WholesaleCustomer, error) {
	k, err := a.d.Onboard.Consent(ctx, c.actor, in.Customer, in.Body.Agree)
	c.tagged(k.Version)
	return wholesaleOf(k), err
}

// WholesaleStep is one step of a run.
type WholesaleStep struct {
	Run     int64             `json:"run"`
	Step    string            `json:"step" example:"screening"`
	Subject string            `json:"subject"`
	State   string            `json:"state" enum:"pending,waiting,done,skipped,failed"`
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Detail  map[string]string `json:"detail"`
	Started *time.Time        `json:"started"`
	Ended   *time.Time        `json:"ended"`
}

func (a *API) wholesaleHistory(ctx context.Context, c *call, in *CustomerRef) (List[WholesaleStep], error) {
	all, err := a.d.Onboard.History(ctx, c.actor, in.Customer)
	return listOf(all, "", func(s onboard.Step) WholesaleStep {
		d := s.Detail.V
		if d == nil {
			d = map[string]string{}
		}
		return WholesaleStep{Run: s.Run, Step: s.Name, Subject: s.Subject, State: string(s.State), Code: s.Code, Message: s.Message, Detail: d, Started: when(s.Started), Ended: when(s.Ended)}
	}), err
}
