package wholesale

import (
	"context"
	"net/http"
	"slices"

	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/subscriber"
)

// passedWire is the answer of a check that found nothing.
type passedWire struct {
	Message string `json:"message"`
	Info    any    `json:"info"`
}

type infoWire struct {
	Code        int    `json:"infoCode"`
	Description string `json:"description"`
}

// passed answers with info as an object: the public schema and all generated clients have it so, though its examples show a list, which
// the settings can switch to.
func (a *API) passed() answer {
	info := infoWire{numberPassed, "Provisioning preCheck validation successful."}
	if a.d.PrecheckList {
		return answer{status: http.StatusOK, body: passedWire{"success", []infoWire{info}}}
	}
	return answer{status: http.StatusOK, body: passedWire{"success", info}}
}

// failedCheck tells all findings at once, as the refusal that the real call would get: 400 when something is not valid, else what stands
// in the way.
func failedCheck(findings []errs.Field, kinds []errs.Kind) error {
	if len(findings) == 0 {
		return nil
	}
	kind := kinds[0]
	if slices.Contains(kinds, errs.Invalid) {
		kind = errs.Invalid
	}
	return &errs.Error{Kind: kind, Code: "precheck_failed", Message: "Provisioning would be refused. The errors say why.", Fields: findings}
}

func (a *API) precheckCustomer(ctx context.Context, c *call) (answer, error) {
	in, n, err := readCustomer(c.body)
	if err == nil {
		err = missing(map[string]bool{"address": in.Address != nil})
	}
	if err != nil {
		return answer{}, err
	}
	n.OnBehalfOf = c.provider.ID
	found, err := a.d.Onboard.Precheck(ctx, c.actor, n)
	if err != nil {
		return answer{}, err
	}
	var faults []errs.Field
	var kinds []errs.Kind
	for _, f := range found {
		if f.Severity == onboard.SeverityError {
			faults, kinds = append(faults, errs.Field{Name: f.Field, Code: f.Code, Message: f.Message, Params: f.Params}), append(kinds, f.Kind)
		}
	}
	if err := failedCheck(faults, kinds); err != nil {
		return answer{}, err
	}
	return a.passed(), nil
}

func (a *API) precheckSubscriber(ctx context.Context, c *call) (answer, error) {
	var in subscriberIn
	if err := into(c.body, &in); err != nil {
		return answer{}, err
	}
	p, err := a.choose(ctx, in, singlePackages)
	if err == nil {
		err = missing(map[string]bool{"email": in.Email != ""})
	}
	if err != nil {
		return answer{}, err
	}
	n, err := a.newUser(in, p)
	if err != nil {
		return answer{}, err
	}
	found, err := a.checked(ctx, c, in, n)
	if err != nil {
		return answer{}, err
	}
	var faults []errs.Field
	var kinds []errs.Kind
	for _, f := range found {
		if f.Severity == subscriber.Error && asked(in, p, f.Field) {
			faults, kinds = append(faults, errs.Field{Name: f.Field, Code: f.Code, Message: f.Message, Params: f.Params}), append(kinds, f.Kind)
		}
	}
	if err := failedCheck(faults, kinds); err != nil {
		return answer{}, err
	}
	return a.passed(), nil
}

// asked says whether a finding is about something that was given: a check of an address alone says nothing about names and packages.
func asked(in subscriberIn, p chosen, field string) bool {
	switch field {
	case "first_name", "last_name":
		return in.Parameters != nil && (in.Parameters.First != "" || in.Parameters.Last != "")
	case "package", "add_ons":
		return p.given
	case "extension", "number", "location_id":
		return p.given && in.Parameters != nil
	}
	return true
}

// checked asks the rooms in the three forms of the public call: for a customer that is there, for one that a template would make, and
// about an address alone.
func (a *API) checked(ctx context.Context, c *call, in subscriberIn, n subscriber.NewUser) ([]subscriber.Finding, error) {
	if in.CustomerID != "" {
		t, err := a.owner(ctx, c, in.CustomerID)
		if err != nil {
			return nil, err
		}
		all, err := a.d.Subscribers.CheckUsers(ctx, c.actor, t.ID, []subscriber.NewUser{n})
		if err != nil {
			return nil, alike(err)
		}
		return all[0], nil
	}
	var out []subscriber.Finding
	if in.ProvisioningID != "" || in.Info != nil {
		r := onboard.Request{OnBehalfOf: c.provider.ID, ProvisioningID: provisioning(in.ProvisioningID), Packages: append([]string{n.Package}, n.AddOns...)}
		if in.Info != nil {
			r.Email = in.Info.Email
		}
		found, err := a.d.Onboard.Precheck(ctx, c.actor, r)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			named := f.Field == "provisioning_id" || f.Field == "email" && in.Info != nil || f.Field == "packages" && n.Package != "" && f.Code != "pstn_required"
			if f.Severity == onboard.SeverityError && named {
				field := map[string]string{"provisioning_id": "provisioningId", "email": "customerInfo.primaryEmail", "packages": "packages"}[f.Field]
				out = append(out, subscriber.Finding{Severity: subscriber.Error, Field: field, Code: f.Code, Message: f.Message, Kind: f.Kind, Params: f.Params})
			}
		}
	}
	var check errs.Checker
	email := check.Email("email", in.Email, true)
	if err := check.Err(); err != nil {
		return nil, err
	}
	used, err := a.d.Subscribers.EmailUsed(ctx, a.d.DB, email)
	if used && !n.AskConsent {
		out = append(out, subscriber.Finding{Severity: subscriber.Error, Field: "email", Code: "user_email_elsewhere", Message: "This e-mail address is in use already.", Kind: errs.Conflict})
	}
	return out, err
}
