package subscriber

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// ask is somebody or something to make, a user or a workspace.
type ask struct {
	kind Kind
	NewUser
}

// facts is all that the rules look at beside the item itself, read before for a whole portion of items. Whoever accepts an item notes
// it here, so that the next one of the portion meets it.
type facts struct {
	selling   error // nil, or why nothing can be sold to this customer
	sold      catalog.Sold
	country   string
	items     map[string]item // by every name that was asked for
	locations map[string]bool
	named     map[string]string // id of a location by its folded name
	only      string            // the only location; "" when there are several, or none
	many      bool              // there are several
	emails    map[string]string // folded address → customer that has it
	externals map[string]bool
	taken     map[[2]string]bool // place and extension
	names     map[[2]string]bool // place and folded name of workspaces
	numbers   map[string]Number
	accounts  map[string]bool // addresses with which somebody of another organisation signs in, when the next user would become administrator
	customer  string
	founded   bool // the first user was looked at already
}

// item is what can be assigned, with what the customer may still have of it.
type item struct {
	catalog.Item
	Asked string `db:"asked"` // the code or alias that was asked for
	Most  *int64 `db:"most"`
	Used  *int64 `db:"used"` // nil: the customer does not have it
}

// verdict is what judge says about an item: the holder that it becomes, and what there is to say.
type verdict struct {
	holder   Holder
	base     item
	addOns   []item
	number   Number // the one of the inventory that is assigned; zero: none
	findings []Finding
}

// err gives the refusal: all faults of fields at once, else the first of the others; nil when there is none.
func (v *verdict) err() error {
	var fields []errs.Field
	for _, f := range v.findings {
		if f.Severity == Error && f.Kind == errs.Invalid {
			fields = append(fields, f.fault)
		}
	}
	if err := errs.BadFields(fields); err != nil {
		return err
	}
	for _, f := range v.findings {
		if f.Severity == Error {
			out := *f.cause
			if out.Fields = nil; f.Field != "" {
				out.Fields = []errs.Field{f.fault}
			}
			return &out
		}
	}
	return nil
}

// refuse notes an error; one that names no field is about this one.
func (v *verdict) refuse(field string, err error) {
	if err == nil {
		return
	}
	e := errs.As(err)
	faults := e.Fields
	if len(faults) == 0 {
		faults = []errs.Field{fieldOf(e, field)}
	}
	for _, f := range faults {
		if f.Name == "" {
			f.Name = field
		}
		v.findings = append(v.findings, Finding{Severity: Error, Field: f.Name, Code: f.Code, Message: f.Message, Kind: e.Kind, Params: f.Params, fault: f, cause: e})
	}
}

func (v *verdict) warn(field, code, message string) {
	v.findings = append(v.findings, Finding{Severity: Warning, Field: field, Code: code, Message: message, Kind: errs.Invalid})
}

var (
	digits   = regexp.MustCompile(`^[0-9]{2,10}$`)
	fieldExt = errs.BadField("extension", "bad_extension", "An extension has 2 to 10 digits.")
	fieldOne = errs.BadField("extension", "extension_or_number", "Calling needs an extension or a phone number.")
	fieldLoc = errs.BadField("location_id", "location_required", "The customer has several locations. Choose one.")
)

// judge says what becomes of an item (WS-10 … WS-13, WS-116 … WS-118). It is pure: a check and a create cannot differ, since both ask
// it with facts that were read in the same way.
func judge(f *facts, a ask) verdict {
	v := verdict{holder: Holder{CustomerID: f.customer, Kind: a.kind, Status: Provisioned, Active: !a.Inactive}}
	v.refuse("", f.selling)
	v.person(f, a)
	v.packages(f, a)
	v.calling(f, a)
	return v
}

// person checks names, address and external id.
func (v *verdict) person(f *facts, a ask) {
	var c errs.Checker
	h := &v.holder
	if a.kind == Person {
		h.Email = c.Email("email", a.Email, true)
		h.FirstName = c.Text("first_name", a.FirstName, 1, 64)
		h.LastName = c.Text("last_name", a.LastName, 1, 64)
		h.DisplayName = c.Text("display_name", a.DisplayName, 0, 128)
		if h.DisplayName == "" {
			h.DisplayName = whole(h.FirstName, h.LastName)
		}
	} else {
		h.DisplayName = c.Text("name", a.DisplayName, 1, 128)
	}
	h.ExternalID = c.Text("external_id", a.ExternalID, 0, 128)
	h.EmailFold, h.NameFold = db.Fold(h.Email), db.Fold(h.DisplayName)
	v.refuse("", c.Err())
	if h.ExternalID != "" && f.externals[h.ExternalID] {
		v.refuse("external_id", errExternal)
	}
	if h.Email == "" || c.Failed("email") {
		return
	}
	switch owner, used := f.emails[h.EmailFold]; {
	case used && owner == f.customer:
		v.refuse("email", errEmail)
	case used && a.AskConsent:
		h.Status = Pending
		v.warn("email", "user_must_consent", "The user belongs to another organisation and must agree to move.")
	case used || f.accounts[h.EmailFold]:
		v.refuse("email", errElsewhere)
	}
}

// packages checks the base package and the add-ons.
func (v *verdict) packages(f *facts, a ask) {
	if strings.TrimSpace(a.Package) == "" {
		v.refuse("", errs.BadField("package", "required", "This field must not be empty."))
		return
	}
	base, err := f.item(a.Package, a.kind)
	if err == nil && base.Kind != catalog.Base {
		err = errNotBase.With("package", base.Code)
	}
	if err != nil {
		v.refuse("package", err)
		return
	}
	v.base, v.holder.Package = base, base.Code
	if base.Most != nil && *base.Used >= *base.Most {
		v.refuse("package", errLimit.With("package", base.Code).With("max", strconv.FormatInt(*base.Most, 10)))
	}
	for n, code := range a.AddOns {
		field := "add_ons[" + strconv.Itoa(n) + "]"
		x, err := f.item(code, a.kind)
		switch {
		case err != nil:
		case x.Kind != catalog.AddOn:
			err = errNotAddOn.With("package", x.Code)
		case slices.Contains(v.holder.AddOns, x.Code):
			continue
		case x.Most != nil && *x.Used >= *x.Most:
			err = errLimit.With("package", x.Code).With("max", strconv.FormatInt(*x.Most, 10))
		default:
			err = catalog.Fits(x.Item, base.Code)
		}
		if err != nil {
			v.refuse(field, err)
			continue
		}
		v.addOns, v.holder.AddOns = append(v.addOns, x), append(v.holder.AddOns, x.Code)
	}
	slices.Sort(v.holder.AddOns)
}

// item gives what a name stands for when it may be assigned here.
func (f *facts) item(name string, k Kind) (item, error) {
	x, ok := f.items[name]
	switch {
	case !ok:
		return x, errs.BadField("package", "unknown_package", "There is no such package or add-on.")
	case x.State == catalog.Retired:
		return x, errRetired.With("package", x.Code)
	case x.Used == nil:
		return x, errNoPackage.With("package", x.Code)
	}
	return x, catalog.CanHold(x.Item, k == Person)
}

// calling checks location, extension and number, which only calling packages have (WS-117, WS-118).
func (v *verdict) calling(f *facts, a ask) {
	h := &v.holder
	if v.base.Code == "" { // nothing is known about it
		return
	}
	if !v.base.HasCalling() {
		v.without(a)
		if a.kind == Place {
			v.located(f, a)
		}
		return
	}
	v.located(f, a)
	if h.Extension = strings.TrimSpace(a.Extension); h.Extension != "" && !digits.MatchString(h.Extension) {
		v.refuse("", fieldExt)
	} else if h.Extension != "" && f.taken[[2]string{h.place(), h.Extension}] {
		v.refuse("extension", errExtension)
	}
	if strings.TrimSpace(a.Number) != "" {
		e164, err := E164(a.Number, f.country)
		if err != nil {
			v.refuse("number", err)
			return
		}
		n, ok := f.numbers[e164]
		if !ok || n.HolderID != "" || n.LocationID != "" && n.LocationID != h.LocationID || h.LocationID == "" {
			v.refuse("number", errNumber.With("number", e164))
			return
		}
		v.number, h.Number = n, e164
	}
	if h.Extension == "" && h.Number == "" {
		v.refuse("", fieldOne)
	}
}

// without says what a package without calling cannot have.
func (v *verdict) without(a ask) {
	given := map[string]string{"extension": a.Extension, "number": a.Number}
	if a.kind == Person {
		given["location_id"] = a.LocationID + a.LocationName
	}
	for _, field := range []string{"location_id", "extension", "number"} {
		switch {
		case strings.TrimSpace(given[field]) == "":
		case a.Lenient:
			v.warn(field, "not_applicable", "Only packages with calling have this; it was left out.")
		default:
			v.refuse("", errs.BadField(field, "not_applicable", "Only packages with calling have this."))
		}
	}
}

// located finds the location. A customer without any has none, and its lines are flagged for emergency calls (decision 22).
func (v *verdict) located(f *facts, a ask) {
	id := strings.TrimSpace(a.LocationID)
	if name := db.Fold(a.LocationName); id == "" && name != "" {
		if id = f.named[name]; id == "" {
			v.refuse("location_id", errNoLocation)
			return
		}
	}
	switch {
	case id == "" && f.many:
		v.refuse("", fieldLoc)
	case id == "":
		v.holder.LocationID = f.only
		if f.only == "" {
			v.warn("location_id", "no_emergency_location", "There is no location, so emergency calls have none either.")
		}
	default:
		if !f.locations[id] {
			v.refuse("location_id", errNoLocation)
			return
		}
		v.holder.LocationID = id
	}
	if v.holder.Kind == Place && f.names[[2]string{v.holder.place(), v.holder.NameFold}] {
		v.refuse("name", errName)
	}
}

// place is where extensions are unique.
func (h Holder) place() string {
	if h.LocationID == "" {
		return h.CustomerID
	}
	return h.LocationID
}

// note remembers an accepted item for the next one of the portion.
func (f *facts) note(v verdict) {
	h := v.holder
	if h.EmailFold != "" && h.Status == Provisioned {
		f.emails[h.EmailFold] = f.customer
	}
	if h.ExternalID != "" {
		f.externals[h.ExternalID] = true
	}
	if h.Extension != "" {
		f.taken[[2]string{h.place(), h.Extension}] = true
	}
	if h.Kind == Place {
		f.names[[2]string{h.place(), h.NameFold}] = true
	}
	if h.Number != "" {
		n := f.numbers[h.Number]
		n.HolderID, n.LocationID = "taken", h.LocationID
		f.numbers[h.Number] = n
	}
	if h.Status == Provisioned {
		for _, x := range append([]item{v.base}, v.addOns...) {
			*x.Used++ // the same row for all its names
		}
	}
	clear(f.accounts) // only the first user of a customer becomes administrator
}
