// Package integrations owns the pages of what connects other programs: webhooks with their deliveries, and the tokens and
// clients that machines sign in with.
//
// It must not know how deliveries are signed or sent, and never shows a secret twice.
package integrations

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Pages are the pages of integrations.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	in := page.Anywhere
	return []page.Route{
		{Pattern: "GET /tokens", In: in, Needs: access.TokenManage, Serve: p.Tokens},
		{Pattern: "GET /tokens/new", In: in, Needs: access.TokenManage, Serve: p.AddToken},
		{Pattern: "POST /tokens/new", In: in, Needs: access.TokenManage, Serve: p.CreateToken},
		{Pattern: "GET /tokens/{id}/revoke", In: in, Needs: access.TokenManage, Serve: p.AskRevoke},
		{Pattern: "POST /tokens/{id}/revoke", In: in, Needs: access.TokenManage, Serve: p.Revoke},
		{Pattern: "GET /webhooks", In: in, Needs: access.EventView, Serve: p.ListWebhooks},
		{Pattern: "GET /webhooks/new", In: in, Needs: access.WebhookEdit, Serve: p.AddWebhook},
		{Pattern: "POST /webhooks/new", In: in, Needs: access.WebhookEdit, Serve: p.CreateWebhook},
		{Pattern: "GET /webhooks/{id}", In: in, Needs: access.EventView, Serve: p.ShowWebhook},
		{Pattern: "GET /webhooks/{id}/edit", In: in, Needs: access.WebhookEdit, Serve: p.EditWebhook},
		{Pattern: "POST /webhooks/{id}/edit", In: in, Needs: access.WebhookEdit, Serve: p.SaveWebhook},
		{Pattern: "GET /webhooks/{id}/rotate", In: in, Needs: access.WebhookEdit, Serve: p.AskRotate},
		{Pattern: "POST /webhooks/{id}/rotate", In: in, Needs: access.WebhookEdit, Serve: p.Rotate},
		{Pattern: "GET /webhooks/{id}/replay", In: in, Needs: access.WebhookEdit, Serve: p.AskReplay},
		{Pattern: "POST /webhooks/{id}/replay", In: in, Needs: access.WebhookEdit, Serve: p.Replay},
		{Pattern: "GET /webhooks/{id}/delete", In: in, Needs: access.WebhookEdit, Serve: p.AskDelete},
		{Pattern: "POST /webhooks/{id}/delete", In: in, Needs: access.WebhookEdit, Serve: p.Delete},
		{Pattern: "POST /webhooks/{id}/switch", In: in, Needs: access.WebhookEdit, Serve: p.Switch},
		{Pattern: "POST /webhooks/{id}/test", In: in, Needs: access.WebhookEdit, Serve: p.Test},
		{Pattern: "POST /webhooks/{id}/retry", In: in, Needs: access.WebhookEdit, Serve: p.Retry},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{
	{Group: "nav.integration", Label: "nav.tokens", URL: "/tokens", Icon: "key"},
	{Group: "nav.integration", Label: "nav.webhooks", URL: "/webhooks", Icon: "webhook"},
}

// Tokens lists the living credentials of the organisation.
func (p Pages) Tokens(r *page.Request) error {
	l := parts.ListOf(r, "-created")
	found, next, err := p.Accounts.Tokens(r.Context(), r.Actor, l.Page())
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.tokens"), r.T("tokens.lead"))
	s.Actions = []ui.Action{{Label: r.T("tokens.add"), URL: "/tokens/new", Icon: "plus", Style: "primary"}, {Label: r.T("tokens.docs"), URL: "/api/docs", Icon: "external-link"}}
	t := ui.Table{ID: "tokens", Caption: r.T("nav.tokens"), Pager: l.Pager(r, len(found), -1, next), Columns: []ui.Column{l.Column(r.T("tokens.name"), "name"), {Label: r.T("tokens.kind")},
		{Label: r.T("tokens.scopes")}, l.Column(r.T("customer.added"), "-created"), {Label: r.T("tokens.expires"), Minor: true}, {Label: r.T("tokens.used"), Minor: true}},
		Empty: ui.Empty{Icon: "key", Title: r.T("tokens.none"), Text: r.T("tokens.none_text"), Actions: s.Actions}}
	for _, k := range found {
		scopes := r.T("tokens.all_rights")
		if k.Limits != nil {
			scopes = ui.N(r.Context(), "tokens.some_rights", len(k.Limits))
		}
		expires, used := r.T("tokens.no_end"), r.T("tokens.never_used")
		if !k.Expires.IsZero() {
			expires = ui.Date(r.Context(), k.Expires.Time)
		}
		if !k.LastUsed.IsZero() {
			used = ui.Ago(r.Context(), r.Now(), k.LastUsed.Time)
		}
		over := !k.Expires.IsZero() && !k.Expires.After(r.Now())
		kind := templ.Component(ui.Two(r.T("tokens.kind."+k.Kind), clientID(k), ""))
		if over {
			kind = ui.Badge{Tone: ui.Off, Text: r.T("tokens.over")}
		}
		t.Rows = append(t.Rows, ui.Row{ID: k.ID, Name: k.Name, Dim: over, Cells: []templ.Component{ui.Two(k.Name, k.Email, ""), kind, ui.Text(scopes),
			ui.NoWrap(ui.Date(r.Context(), k.Created.Time)), ui.Text(expires), ui.Text(used)},
			Actions: []ui.Action{{Label: r.T("tokens.revoke"), URL: "/tokens/" + k.ID + "/revoke", How: ui.Confirm, Style: "danger"}}})
	}
	return r.Show(ui.Full(s, t))
}

// clientID is the public half of a client; a token has none.
func clientID(k account.Token) string {
	if k.Kind == account.ClientSecret {
		return k.ID
	}
	return ""
}

// typedToken is the form of a token as it was filled.
type typedToken struct {
	name, kind, days string
	all              bool
	scopes           []access.Action
	err              error
}

// AddToken shows the empty form.
func (p Pages) AddToken(r *page.Request) error {
	return r.Show(tokenForm(r, typedToken{kind: account.BearerToken, days: "365", all: true}))
}

// CreateToken makes a credential and shows its secret on this one answer.
func (p Pages) CreateToken(r *page.Request) error {
	t := typedToken{name: r.PostFormValue("name"), kind: r.PostFormValue("kind"), days: strings.TrimSpace(r.PostFormValue("expires_in")), all: r.PostFormValue("rights") == "all"}
	for _, s := range r.PostForm["scopes"] {
		t.scopes = append(t.scopes, access.Action(s))
	}
	in := account.NewToken{Name: t.name, Kind: t.kind}
	if !t.all {
		in.Limits = append([]access.Action{}, t.scopes...)
	}
	if t.days != "" {
		n, err := strconv.Atoi(t.days)
		if err != nil || n < 1 || n > 10000 {
			n = -1 // the service names the field
		}
		in.ExpiresIn = time.Duration(n) * 24 * time.Hour
	}
	r.Tries("token/create", r.Actor.Place(), journal.Target{Kind: "token", Name: t.name})
	k, plain, err := p.Accounts.CreateToken(r.Context(), r.Actor, in)
	if err != nil {
		t.err = err
		return r.Again(err, tokenForm(r, t))
	}
	return r.Show(tokenMade(r, k, plain))
}

func tokenForm(r *page.Request, t typedToken) templ.Component {
	s := r.Shell(r.T("tokens.add"), r.T("tokens.add_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.tokens"), URL: "/tokens"}}
	f := ui.FaultsOf(r.Context(), t.err, "name", r.T("tokens.name"), "kind", r.T("tokens.kind"), "expires_in", r.T("tokens.expires_in"), "scopes", r.T("tokens.scopes"))
	tree := ui.Branches{Name: "scopes", Label: r.T("tokens.scopes"), Hint: r.T("tokens.scopes_hint"), Fault: f.For("scopes")}
	for _, g := range scopeGroups(r) {
		branch := ui.Branch{Label: r.T("right_group." + g.key)}
		for _, act := range g.actions {
			branch.Options = append(branch.Options, ui.Option{Value: string(act), Label: r.T("right." + string(act)), Hint: string(act), Selected: slices.Contains(t.scopes, act)})
		}
		tree.Groups = append(tree.Groups, branch)
	}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: "/tokens/new", Faults: f, Submit: r.T("tokens.add"), Cancel: "/tokens", Guard: true, Columns: true},
		ui.Input{Name: "name", Label: r.T("tokens.name"), Value: t.name, Required: true, Max: 128, Autocomplete: "off", Hint: r.T("tokens.name_hint"), Fault: f.For("name")},
		ui.Input{Name: "expires_in", Label: r.T("tokens.expires_in"), Kind: "number", Value: t.days, Optional: true, Suffix: r.T("time.days"), Hint: r.T("tokens.expires_hint"), Fault: f.For("expires_in")},
		ui.Choices{Name: "kind", Label: r.T("tokens.kind"), One: true, Columns: true, Fault: f.For("kind"), Options: []ui.Option{
			{Value: account.BearerToken, Label: r.T("tokens.kind.token"), Hint: r.T("tokens.kind_hint.token"), Selected: t.kind == account.BearerToken},
			{Value: account.ClientSecret, Label: r.T("tokens.kind.client"), Hint: r.T("tokens.kind_hint.client"), Selected: t.kind == account.ClientSecret}}},
		ui.Choices{Name: "rights", Label: r.T("tokens.rights"), One: true, Columns: true, Options: []ui.Option{
			{Value: "all", Label: r.T("tokens.all_rights"), Hint: r.T("tokens.all_hint"), Selected: t.all},
			{Value: "some", Label: r.T("tokens.chosen_rights"), Hint: r.T("tokens.chosen_hint"), Selected: !t.all}}},
		tree)))
}

// scopeGroup is the scopes of one area.
type scopeGroup struct {
	key     string
	actions []access.Action
}

// scopeGroups lists what the person can do, in areas: a token never holds more than its maker (WS-37).
func scopeGroups(r *page.Request) []scopeGroup {
	area := map[string]string{"customer": "customers", "partner": "partners", "sub_partner": "partners", "order": "orders", "device": "devices", "provisioning": "devices", "secret": "devices",
		"rps": "devices", "account": "team", "subaccount": "team", "token": "integration", "webhook": "integration", "event": "integration", "operation": "integration", "mail": "integration",
		"log": "organisation", "settings": "organisation", "platform": "organisation"}
	var all []scopeGroup
	for _, key := range []string{"customers", "partners", "orders", "devices", "team", "integration", "organisation", "rest"} {
		all = append(all, scopeGroup{key: key})
	}
	for _, act := range access.Actions() {
		if act == access.Self || !r.Actor.Can(act) {
			continue
		}
		first, _, _ := strings.Cut(string(act), ".")
		key := area[first]
		i := slices.IndexFunc(all, func(g scopeGroup) bool { return g.key == key })
		if i < 0 {
			i = len(all) - 1
		}
		all[i].actions = append(all[i].actions, act)
	}
	return slices.DeleteFunc(all, func(g scopeGroup) bool { return len(g.actions) == 0 })
}

// tokenMade shows the secret, this once.
func tokenMade(r *page.Request, k account.Token, plain string) templ.Component {
	s := r.Shell(k.Name, r.T("tokens.made_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.tokens"), URL: "/tokens"}}
	body := []templ.Component{}
	if k.Kind == account.ClientSecret {
		body = append(body, ui.Secret{ID: "client-id", Label: r.T("tokens.client_id"), Value: k.ID}, ui.Secret{ID: "secret", Label: r.T("tokens.client_secret"), Value: plain, Once: true},
			ui.Para(r.T("tokens.client_how")))
	} else {
		body = append(body, ui.Secret{ID: "secret", Label: r.T("tokens.kind.token"), Value: plain, Once: true}, ui.Para(r.T("tokens.token_how")))
	}
	body = append(body, ui.Buttons(ui.Action{Label: r.T("tokens.kept"), URL: "/tokens", Style: "primary"}, ui.Action{Label: r.T("tokens.docs"), URL: "/api/docs", Icon: "external-link"}))
	return ui.Full(s, ui.CardOf(r.T("tokens.made"), body...))
}

// AskRevoke asks before a credential ends.
func (p Pages) AskRevoke(r *page.Request) error {
	k, err := p.Accounts.GetToken(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	s := r.Shell(r.T("tokens.revoke"), "")
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.tokens"), URL: "/tokens"}}
	return r.Show(ui.Full(s, ui.Question{Title: r.T("tokens.revoke_title", "name", k.Name), Text: r.T("tokens.revoke_text"), URL: "/tokens/" + k.ID + "/revoke", Submit: r.T("tokens.revoke"),
		Danger: true, CancelURL: "/tokens", Hidden: []ui.Hidden{page.Versioned(k.Version)}}))
}

// Revoke ends a credential at once.
func (p Pages) Revoke(r *page.Request) error {
	k, err := p.Accounts.GetToken(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	r.Tries("token/revoke", r.Actor.Place(), journal.Target{Kind: "token", ID: k.ID, Name: k.Name})
	if err := p.Accounts.RevokeToken(r.Context(), r.Actor, k.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/tokens", r.T("tokens.revoked", "name", k.Name))
}
