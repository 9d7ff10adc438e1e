package onboard

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

// The rules of a new customer stand here once. A pre-check shows all that they find; a creation refuses by the same findings, so that
// what a check found good is accepted (WS-121, WS-122).

var (
	errNotParent    = errs.New(errs.Forbidden, "not_a_parent", "Only a partner can act for its sub-partners.")
	errPSTN         = errs.BadField("packages", "pstn_required", "The template has no carrier, which all packages but meetings need.")
	errLocationNeed = errs.BadField("location", "required", "This field must not be empty.")
	errLocationIdle = errs.BadField("location", "not_applicable", "A location belongs to packages with calling only.")
	errPackagesNone = errs.BadField("packages", "required", "This field must not be empty.")
	errTwice        = errs.BadField("packages", "duplicate", "Name each package once.")
	errPercent      = errs.BadField("name", "forbidden_character", "The text holds a character that is not allowed here.")
	errSubAdmin     = errs.BadField("sub_partner_admin", "unknown_administrator", "Choose an account of the organisation that owns the template.")
	errOrgElsewhere = ofField(errs.New(errs.Conflict, "organisation_managed_elsewhere", "This organisation is managed by another provider."), "org_id")
	errOrgThere     = ofField(errs.New(errs.Conflict, "already_wholesale", "This organisation has the wholesale service already."), "org_id")
	errOrgUnknown   = ofField(errs.New(errs.NotFound, "not_found", "There is no such organisation."), "org_id")
	errLimitFor     = errs.BadField("limits", "not_applicable", "A limit belongs to a package that the customer has.")
	errNeedsBase    = errs.New(errs.Conflict, "dependency", "This add-on needs another package.")
	errBusy         = errs.New(errs.Conflict, "customer_busy", "The customer is being provisioned. Wait until that has ended.")
	errPending      = errs.New(errs.Conflict, "customer_pending", "The compliance check of this customer is not finished yet.")
)

// plan is what a request comes to.
type plan struct {
	owner    tenant.Tenant
	template Template
	details  tenant.Details
	address  Address
	want     Want
	attach   *tenant.Tenant // the existing organisation; nil for a new one
	consent  bool           // its administrator must agree first
	findings []Finding
}

// refuse notes an error; with is the field when the error names none.
func (p *plan) refuse(with string, err error) {
	if err == nil {
		return
	}
	e := errs.As(err)
	if len(e.Fields) == 0 {
		p.findings = append(p.findings, Finding{Severity: SeverityError, Field: with, Code: e.Code, Message: e.Message, Params: e.Params, Kind: e.Kind})
	}
	for _, f := range e.Fields {
		params := f.Params
		if params == nil {
			params = e.Params
		}
		p.findings = append(p.findings, Finding{Severity: SeverityError, Field: f.Name, Code: f.Code, Message: f.Message, Params: params, Kind: e.Kind})
	}
}

func (p *plan) say(s Severity, field, code, message string) {
	p.findings = append(p.findings, Finding{Severity: s, Field: field, Code: code, Message: message})
}

// err is the refusal that the findings come to: all faults of fields at once, else the first of the others; nil when there is none.
func (p *plan) err() error {
	var fields []errs.Field
	var first *errs.Error
	for _, f := range p.findings {
		if f.Severity != SeverityError {
			continue
		}
		field := errs.Field{Name: f.Field, Code: f.Code, Message: f.Message, Params: f.Params}
		if f.Kind == errs.Invalid && f.Field != "" {
			fields = append(fields, field)
		} else if first == nil {
			first = &errs.Error{Kind: f.Kind, Code: f.Code, Message: f.Message, Params: f.Params}
			if f.Field != "" {
				first.Fields = []errs.Field{field}
			}
		}
	}
	if err := errs.BadFields(fields); err != nil {
		return err
	}
	if first != nil {
		return first
	}
	return nil
}

// owner gives the provider for which the actor works: its own organisation, or the sub-partner that it names (WS-82). One that is not
// its sub-partner is NotFound; a sub-partner has none to name.
func (s *Service) owner(ctx context.Context, q db.Q, actor access.Actor, act access.Action, onBehalfOf string) (tenant.Tenant, error) {
	if onBehalfOf == "" {
		return s.provider(ctx, q, actor, act, "")
	}
	if actor.Kind != access.System && actor.Place().Kind == access.SubPartner {
		return tenant.Tenant{}, errNotParent
	}
	t, target, err := s.tenants.Target(ctx, q, actor, onBehalfOf)
	if err != nil {
		return tenant.Tenant{}, err
	}
	if err := access.Decide(actor, act, target); err != nil {
		return tenant.Tenant{}, err
	}
	above := actor.Kind == access.System || actor.Place().Kind == access.Operator
	if t.Kind != access.SubPartner && !(above && t.Kind == access.Partner) {
		return tenant.Tenant{}, errs.Missing("object")
	}
	return t, nil
}

// light says whether a request is the short form of a pre-check: an address and an e-mail, without a template and what belongs to it
// (WS-121). A creation never takes it.
func (r Request) light() bool {
	return r.ProvisioningID == "" && len(r.Packages) == 0 && r.OrgID == "" && r.Location == nil && len(r.Numbers)+len(r.Limits) == 0 && r.SubPartnerAdmin == ""
}

// plan works a request out. An error is a refusal of the actor; what is wrong with the request are findings.
func (s *Service) plan(ctx context.Context, q db.Q, actor access.Actor, r Request, light bool) (*plan, error) {
	owner, err := s.owner(ctx, q, actor, access.CustomerCreate, r.OnBehalfOf)
	if err != nil {
		return nil, err
	}
	p := &plan{owner: owner}
	var c errs.Checker
	p.address = CheckAddress(&c, "address", r.Address)
	p.refuse("", c.Err())
	steps := []func(context.Context, db.Q, access.Actor, *plan, Request) error{s.planOrganisation, s.planIdentity}
	if !light {
		steps = []func(context.Context, db.Q, access.Actor, *plan, Request) error{s.planTemplate, s.planOrganisation, s.planIdentity, s.planPackages, s.planPlaces, s.planSubPartner}
	}
	for _, step := range steps {
		if err := step(ctx, q, actor, p, r); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// planTemplate finds the template by its provisioning id among those of the owner (WS-96, WS-103).
func (s *Service) planTemplate(ctx context.Context, q db.Q, _ access.Actor, p *plan, r Request) error {
	t, err := template(ctx, q, "t.provisioning_id = $1 AND t.owner_id = $2", strings.TrimSpace(r.ProvisioningID), p.owner.ID)
	switch {
	case err != nil && errs.KindOf(err) == errs.NotFound:
		p.refuse("", errNoTemplate)
		return nil
	case err != nil:
		return err
	case t.State == Archived:
		p.refuse("provisioning_id", errTemplateGone)
	}
	p.template = t
	return nil
}

// planOrganisation finds the organisation that is to be attached (WS-40, WS-115). One of another provider is told apart from none,
// as the offer's partners expect, but nothing is said about whose it is.
func (s *Service) planOrganisation(ctx context.Context, q db.Q, actor access.Actor, p *plan, r Request) error {
	if r.OrgID == "" {
		return nil
	}
	t, err := s.tenants.Load(ctx, q, r.OrgID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	if err != nil || t.Kind != access.Customer || t.State != tenant.Active {
		p.refuse("org_id", errOrgUnknown)
		return nil
	}
	if t.ParentID != p.owner.ID {
		p.refuse("org_id", errOrgElsewhere)
		return nil
	}
	if _, target, err := s.tenants.Target(ctx, q, actor, t.ID); err != nil {
		return err
	} else if err := access.Decide(actor, access.CustomerEdit, target); err != nil {
		return err
	}
	p.attach = &t
	p.refuse("org_id", tenant.OfferConflict(t))
	if c, err := s.customer(ctx, q, t.ID); err == nil && c.Status != StatusGone {
		p.refuse("org_id", errOrgThere)
	} else if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	managed, err := s.tenants.Manages(ctx, q, p.owner.ID, t.ID)
	p.consent = !managed
	return err
}

const longestExternalID = 255 // WS-42

// planIdentity checks name, address of mail, external id and language of a new organisation, and whether others have them already.
func (s *Service) planIdentity(ctx context.Context, q db.Q, _ access.Actor, p *plan, r Request) error {
	var c errs.Checker
	least := 1
	if p.attach != nil || r.light() {
		least = 0
	}
	d := tenant.Details{ExternalID: c.Text("external_id", r.ExternalID, least, longestExternalID), Country: p.address.Country, Address: written(p.address)}
	if p.attach == nil {
		d.Email = c.Email("email", r.Email, true)
		d.Name = c.Text("name", r.Name, least, 128)
		d.Contact = d.Name
		if strings.Contains(d.Name, "%") {
			c.Add(errPercent.Fields[0])
		}
	} else {
		d.Name, d.Email, d.Contact = p.attach.Name, p.attach.Email, p.attach.Contact
		if d.ExternalID == "" {
			if d.ExternalID = p.attach.ExternalID; d.ExternalID == "" {
				d.ExternalID = p.attach.ID
			}
		}
	}
	l, err := catalog.Locale(r.Language, p.template.Country, p.template.Language)
	if err != nil {
		c.Add(errs.As(err).Fields[0])
	} else if l.Warning != "" {
		p.say(SeverityWarning, "language", l.Warning, "The language is not supported. Another one is used.")
	}
	p.want.Locales = l
	d.Locale = strings.ReplaceAll(l.Organisation, "_", "-")
	p.refuse("", c.Err())
	p.details = d
	return s.planClashes(ctx, q, p)
}

func (s *Service) planClashes(ctx context.Context, q db.Q, p *plan) error {
	ask := p.details
	if p.attach != nil {
		if ask.Name, ask.Email = "", ""; db.Fold(ask.ExternalID) == db.Fold(p.attach.ExternalID) {
			return nil
		}
	}
	taken, err := s.tenants.Clashes(ctx, q, p.owner, ask)
	if err != nil {
		return err
	}
	mail := false
	for _, e := range taken {
		mail = mail || e.Code == "email_taken"
		p.refuse("", e)
	}
	if ask.Email == "" || mail {
		return nil
	}
	used, err := s.accounts.EmailTaken(ctx, q, account.CustomerRealm, ask.Email)
	if used {
		p.refuse("", ofField(errs.New(errs.Conflict, "email_taken", "This e-mail address is in use already."), "email"))
	}
	return err
}

// planPackages checks that the owner may sell the packages, that add-ons have what they need, and limits (WS-12, WS-13).
func (s *Service) planPackages(ctx context.Context, q db.Q, _ access.Actor, p *plan, r Request) error {
	items, err := s.chosen(ctx, q, p, r.Packages, r.Limits)
	if err != nil {
		return err
	}
	_, err = s.catalog.MaySell(ctx, q, p.owner.ID, nil)
	if err != nil {
		if !permanent(err) {
			return err
		}
		p.refuse("packages", err)
		return nil
	}
	for _, i := range items {
		if _, err := s.catalog.MaySell(ctx, q, p.owner.ID, []string{i.Code}); err != nil {
			if !permanent(err) {
				return err
			}
			p.refuse("packages", err)
		}
	}
	if p.template.ID != "" && p.template.CarrierID == "" && slices.ContainsFunc(items, func(i catalog.Item) bool { return i.Kind == catalog.Base && i.Code != catalog.MeetingsPackage }) {
		p.refuse("", errPSTN) // WS-100
	}
	calling := slices.ContainsFunc(items, catalog.Item.HasCalling)
	switch {
	case calling && r.Location == nil:
		p.refuse("", errLocationNeed)
	case !calling && r.Location != nil:
		p.refuse("", errLocationIdle)
	}
	return nil
}

// chosen resolves codes and limits into the packages that are wanted, in the order of their codes.
func (s *Service) chosen(ctx context.Context, q db.Q, p *plan, codes []string, limits map[string]int64) ([]catalog.Item, error) {
	if len(codes) == 0 {
		p.refuse("", errPackagesNone)
	}
	var items []catalog.Item
	for n, code := range codes {
		field := "packages[" + strconv.Itoa(n) + "]"
		i, err := s.catalog.Code(ctx, q, code)
		switch {
		case err != nil && !permanent(err):
			return nil, err
		case err != nil:
			p.refuse(field, err)
		case slices.ContainsFunc(items, func(o catalog.Item) bool { return o.Code == i.Code }):
			p.refuse("", errTwice)
		default:
			items = append(items, i)
		}
	}
	slices.SortFunc(items, func(a, b catalog.Item) int { return strings.Compare(a.Code, b.Code) })
	most := map[string]int64{}
	for code, n := range limits {
		i, err := s.catalog.Code(ctx, q, code)
		if err != nil && !permanent(err) {
			return nil, err
		}
		if err != nil || !slices.ContainsFunc(items, func(o catalog.Item) bool { return o.Code == i.Code }) {
			p.refuse("", errLimitFor)
			continue
		}
		var c errs.Checker
		c.Range("limits."+code, n, 0, 1_000_000_000)
		p.refuse("", c.Err())
		most[i.Code] = n
	}
	p.want.Packages = []catalog.PackageLimit{}
	for _, i := range items {
		if need := i.DependsOn.V; i.Kind == catalog.AddOn && len(need) > 0 && !slices.ContainsFunc(items, func(o catalog.Item) bool { return slices.Contains(need, o.Code) }) {
			p.refuse("packages", errNeedsBase.With("package", i.Code).With("needs", strings.Join(need, ", ")))
		}
		l := catalog.PackageLimit{Code: i.Code}
		if n, ok := most[i.Code]; ok {
			l.Max = &n
		}
		p.want.Packages = append(p.want.Packages, l)
	}
	return items, nil
}

// planPlaces checks the headquarters, its numbers and the time zone of meetings (WS-106, WS-110).
func (s *Service) planPlaces(ctx context.Context, q db.Q, _ access.Actor, p *plan, r Request) error {
	var c errs.Checker
	p.want.MeetingZone = c.TimeZone("meetings_time_zone", r.MeetingsZone)
	p.refuse("", c.Err())
	p.details.TimeZone = p.want.MeetingZone
	if r.Location == nil {
		if len(r.Numbers) > 0 {
			p.refuse("", errs.BadField("numbers", "not_applicable", "A location belongs to packages with calling only."))
		}
		return nil
	}
	h := *r.Location
	p.want.Location, p.want.Numbers = &h, r.Numbers
	p.details.TimeZone = h.TimeZone
	if s.places == nil {
		return nil
	}
	if err := s.places.CheckLocation(h); err != nil {
		if !permanent(err) {
			return err
		}
		e := *errs.As(err)
		e.Fields = slices.Clone(e.Fields)
		for i := range e.Fields {
			e.Fields[i].Name = "location." + e.Fields[i].Name
		}
		p.refuse("location", &e)
	}
	if len(r.Numbers) == 0 {
		return nil
	}
	err := s.places.CheckNumbers(ctx, q, h.Address.Country, r.Numbers)
	if err != nil && !permanent(err) {
		return err
	}
	p.refuse("numbers", err)
	return nil
}

// planSubPartner checks the administrator of the sub-partner whom a parent names (WS-82).
func (s *Service) planSubPartner(ctx context.Context, q db.Q, _ access.Actor, p *plan, r Request) error {
	if r.SubPartnerAdmin == "" {
		return nil
	}
	_, err := s.accounts.Member(ctx, q, p.owner.ID, r.SubPartnerAdmin)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	if err != nil || p.owner.Kind != access.SubPartner {
		p.refuse("", errSubAdmin)
	}
	return nil
}

// permanent says whether trying again gives the same refusal.
func permanent(err error) bool {
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.NotFound, errs.Conflict, errs.Invalid, errs.TooLarge, errs.Gone, errs.Unsupported:
		return true
	}
	return false
}

// Precheck tells what a creation with this request would meet, and changes nothing (WS-121, WS-122). Without an error among the
// findings the same request is accepted. A refusal is one of the actor, not of the request.
func (s *Service) Precheck(ctx context.Context, actor access.Actor, r Request) ([]Finding, error) {
	p, err := s.plan(ctx, s.db, actor, r, r.light())
	if err != nil {
		return nil, err
	}
	if p.consent {
		p.say(SeverityWarning, "org_id", "consent_required", "An administrator of the organisation must agree first.")
	}
	name, contact := p.details.Name, p.details.Contact
	ix, err := s.inForce(ctx, s.db)
	if err != nil {
		return nil, err
	}
	if len(ix.search(Subject{Name: name, Contact: contact, Email: p.details.Email, Address: p.address})) > 0 {
		p.say(SeverityInfo, "", "compliance_review", "The compliance team will look at this customer before it is provisioned.")
	}
	return p.findings, nil
}
