package tenant

import (
	"slices"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// The fields and their limits (CH-11, CH-17). E-mail and contact are mandatory below the operator.
func (d Details) checked(c *errs.Checker, mustReach bool) Details {
	min := 0
	if mustReach {
		min = 1
	}
	return Details{
		Name:       c.Text("name", d.Name, 1, 128),
		Email:      c.Email("email", d.Email, mustReach),
		Contact:    c.Text("contact", d.Contact, min, 128),
		Phone:      c.Phone("phone", d.Phone),
		Country:    c.Country("country", d.Country),
		Address:    c.Lines("address", d.Address, 0, 500),
		Remarks:    c.Lines("remarks", d.Remarks, 0, 2000),
		ExternalID: c.Text("external_id", d.ExternalID, 0, 255),
		Locale:     c.Locale("locale", d.Locale),
		TimeZone:   c.TimeZone("time_zone", d.TimeZone),
	}
}

// checkPermissions refuses an empty set and unknown members, and gives the set in order without doubles (CH-18).
func checkPermissions(c *errs.Checker, in []string) Permissions {
	out := Permissions{}
	for _, p := range []string{DMP, RPS} {
		if slices.Contains(in, p) {
			out = append(out, p)
		}
	}
	for _, p := range in {
		if p != DMP && p != RPS {
			c.Add(errs.Field{Name: "permission_types", Code: "unknown_value", Message: "Choose one of: DMP, RPS.", Params: map[string]string{"allowed": "DMP, RPS"}})
			return out
		}
	}
	if len(out) == 0 {
		c.Add(errs.Field{Name: "permission_types", Code: "permission_type_required", Message: "Choose at least one permission type."})
	}
	return out
}

// taken turns the violation of a unique index into the fault of the field that the person can correct (CH-17).
func taken(err error) error {
	const table = "tenant_tenants"
	conflict := func(f errs.Field, e *errs.Error) error {
		e.Fields = []errs.Field{f}
		return e.Because(err)
	}
	switch {
	case db.IsUnique(err, table, "parent_id", "kind", "name_fold"):
		return conflict(errs.Field{Name: "name", Code: "name_taken", Message: "There is one with this name already."},
			errs.New(errs.Conflict, "name_taken", "There is one with this name already."))
	case db.IsUnique(err, table, "realm", "email_fold"):
		return conflict(errs.Field{Name: "email", Code: "email_taken", Message: "This e-mail address is in use already."},
			errs.New(errs.Conflict, "email_taken", "This e-mail address is in use already."))
	case db.IsUnique(err, table, "partner_id", "external_id_fold"):
		return conflict(errs.Field{Name: "external_id", Code: "external_id_taken", Message: "This external id is in use already."},
			errs.New(errs.Conflict, "external_id_taken", "This external id is in use already."))
	case db.IsUnique(err, table, "host"):
		return conflict(errs.Field{Name: "host", Code: "host_taken", Message: "This host name is in use already."},
			errs.New(errs.Conflict, "host_taken", "This host name is in use already."))
	case db.IsUnique(err, table, "kind"):
		return errOperator.Because(err)
	}
	return err
}
