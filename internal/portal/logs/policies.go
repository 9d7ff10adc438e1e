package logs

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// rule is one number of a policy.
type rule struct {
	name, unit string // unit is the key of a text, "" for a plain number
	own        func(o *tenant.OwnPolicy) **int
	holds      func(p tenant.Policy) int
	operator   bool // set by the operator alone
}

var rules = []rule{
	{"password_min", "policy.characters", func(o *tenant.OwnPolicy) **int { return &o.PasswordMin }, func(p tenant.Policy) int { return p.PasswordMin }, false},
	{"password_last", "", func(o *tenant.OwnPolicy) **int { return &o.PasswordLast }, func(p tenant.Policy) int { return p.PasswordLast }, false},
	{"password_max_age_days", "time.days", func(o *tenant.OwnPolicy) **int { return &o.PasswordMaxAge }, func(p tenant.Policy) int { return p.PasswordMaxAge }, false},
	{"idle_minutes", "time.minutes", func(o *tenant.OwnPolicy) **int { return &o.IdleMinutes }, func(p tenant.Policy) int { return int(p.IdleEnd / time.Minute) }, false},
	{"lock_after", "", func(o *tenant.OwnPolicy) **int { return &o.LockAfter }, func(p tenant.Policy) int { return p.LockAfter }, true},
	{"lock_seconds", "policy.seconds", func(o *tenant.OwnPolicy) **int { return &o.LockSeconds }, func(p tenant.Policy) int { return int(p.LockFor / time.Second) }, true},
	{"keep_log_days", "time.days", func(o *tenant.OwnPolicy) **int { return &o.KeepLogDays }, func(p tenant.Policy) int { return p.KeepLog }, true},
}

func (p Pages) load(r *page.Request) (tenant.OwnPolicy, int64, tenant.Policy, parts.May, error) {
	own, version, holds, err := p.Tenants.Policy(r.Context(), r.Actor, r.Place.ID)
	if err != nil {
		return own, 0, holds, parts.May{}, err
	}
	may, err := parts.Here(r, p.Deps)
	return own, version, holds, may, err
}

// Policies shows what holds here and what the organisation has set itself.
func (p Pages) Policies(r *page.Request) error {
	own, version, holds, may, err := p.load(r)
	if err != nil {
		return err
	}
	values := map[string]string{}
	for _, x := range rules {
		if v := *x.own(&own); v != nil {
			values[x.name] = strconv.Itoa(*v)
		}
	}
	return r.Show(policyPage(r, values, version, holds, may, nil))
}

// SetPolicies replaces what the organisation has set. An empty field goes back to what holds above.
func (p Pages) SetPolicies(r *page.Request) error {
	_, version, holds, may, err := p.load(r)
	if err != nil {
		return err
	}
	r.Tries(string(r.Place.Kind)+"/policy", r.Actor.Place(), journal.Target{Kind: string(r.Place.Kind), ID: r.Place.ID, Name: r.Place.Name})
	var o tenant.OwnPolicy
	var c errs.Checker
	values := map[string]string{}
	for _, x := range rules {
		text := strings.TrimSpace(r.PostFormValue(x.name))
		values[x.name] = text
		if text == "" || x.operator && r.Place.Kind != access.Operator {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			c.Add(errs.Field{Name: x.name, Code: "not_a_number", Message: "Type a whole number."})
			continue
		}
		*x.own(&o) = &n
	}
	err = c.Err()
	if err == nil {
		_, err = p.Tenants.SetPolicy(r.Context(), r.Actor, r.Place.ID, o, r.Version())
	}
	if err != nil {
		return r.Again(err, policyPage(r, values, version, holds, may, err))
	}
	return r.Done("/policies", r.T("policy.saved"))
}

func policyPage(r *page.Request, values map[string]string, version int64, holds tenant.Policy, may parts.May, err error) templ.Component {
	operator := r.Place.Kind == access.Operator
	lead := r.T("policy.lead")
	if operator {
		lead = r.T("policy.lead_operator")
	}
	s := r.Shell(r.T("nav.policies"), lead)
	var defs []ui.Def
	for _, x := range rules {
		defs = append(defs, ui.Def{Term: r.T("policy." + x.name), Value: ui.Text(shown(r, x, holds))})
	}
	now := ui.CardOf(r.T("policy.now"), ui.Definitions(defs))
	if !may.Do(access.SettingsEdit) {
		return ui.Full(s, now)
	}
	var labels []string
	for _, x := range rules {
		labels = append(labels, x.name, r.T("policy."+x.name))
	}
	f := ui.FaultsOf(r.Context(), err, labels...)
	title := r.T("policy.own")
	if operator {
		title = r.T("policy.rules")
	}
	fields := []templ.Component{ui.Section{Title: title}}
	for _, x := range rules {
		if x.operator && !operator {
			continue
		}
		in := ui.Input{Name: x.name, Label: r.T("policy." + x.name), Kind: "number", Value: values[x.name], Optional: true, Placeholder: strconv.Itoa(x.holds(holds)),
			Hint: r.T("policy_hint." + x.name), Fault: f.For(x.name)}
		if x.unit != "" {
			in.Suffix = r.T(x.unit)
		}
		fields = append(fields, in)
	}
	return ui.Full(s, ui.GridOf(ui.CardOf("", ui.FormOf(ui.Form{URL: "/policies", Faults: f, Submit: r.T("form.save"), Guard: true, Hidden: []ui.Hidden{page.Versioned(version)}}, fields...)), now))
}

// shown words what holds.
func shown(r *page.Request, x rule, p tenant.Policy) string {
	n := x.holds(p)
	if x.name == "password_max_age_days" && n == 0 {
		return r.T("policy.never")
	}
	text := ui.Number(r.Context(), n)
	if x.unit != "" {
		text += " " + r.T(x.unit)
	}
	return text
}
