package page

import (
	"net/http"
	"net/url"
	"strings"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/portal/ui"
)

// AudienceOf gives the portal that a kind of tenant belongs to.
func AudienceOf(k access.TenantKind) ui.Audience { return ui.Audience(account.RealmOf(k)) }

// Shell gives everything around the content of a signed-in page: whose data it is, who is signed in, where they may go,
// the banner of a delegated session and the standing remarks. Flash messages are taken, so it is asked for once a page.
func (r *Request) Shell(title, lead string) ui.Shell {
	r.dress()
	s := ui.Shell{Title: title, Lead: lead, Audience: AudienceOf(r.Actor.Place().Kind), Tenant: r.Actor.Place().Name, Home: "/",
		Nav: r.navigation(), Person: ui.Person{Name: r.Me.Name, Email: r.Me.Email}, Flashes: r.flashes(),
		AccountURL: "/account", SignOutURL: "/sign-out", SessionURL: SessionPath}
	if to := r.Way("/search"); to != "" {
		s.Search = &ui.Search{URL: to, Label: r.T("shell.search")}
	}
	s.HelpURL = r.Way("/help")
	if to := r.Way("/feedback"); to != "" && r.Actor.Tenant.Kind != access.Operator { // nobody stands above the operator
		s.Feedback = to + "?from=" + url.QueryEscape(ReturnPath(r.URL.RequestURI()))
	}
	s.LiveURL, s.GuideURL = r.live(), r.guide()
	if d := r.Actor.Acting; d != nil {
		s.Acting = &ui.Acting{Tenant: d.Tenant.Name, Person: r.Me.Name, Home: r.Actor.Tenant.Name, ReadOnly: d.ReadOnly, Until: r.actingUntil(), LeaveURL: "/leave"}
	}
	if r.Place.Kind == access.Customer && r.Place.Restricted && r.Actor.Tenant.Kind == access.Customer {
		s.Notices = append(s.Notices, ui.Notice{Tone: ui.Info, Title: r.T("shell.restricted"), Text: r.T("shell.restricted_text")}) // WS-155
	}
	if r.Place.Kind == access.SubPartner && r.Place.ProvisioningSuspended {
		s.Notices = append(s.Notices, ui.Notice{Tone: ui.Warn, Title: r.T("shell.suspended"), Text: r.T("shell.suspended_text")}) // WS-89
	}
	return s
}

// flashes takes the messages of what was just done, which a page that refreshes itself leaves to the page they are for.
func (r *Request) flashes() []ui.Flash {
	if r.Header.Get(pollHeader) != "" {
		return nil
	}
	return ui.TakeFlash(r.W, r.Request)
}

// live gives the address at which this page is told of changes from now on; "" for the answer of a form, which cannot be asked for again.
func (r *Request) live() string {
	to := r.Way(LivePath)
	if to == "" || r.Method != http.MethodGet {
		return ""
	}
	if cursor, err := r.site.Journal.Latest(r.Context(), r.site.DB); err == nil && cursor != "" {
		to += "?after=" + url.QueryEscape(cursor)
	}
	return to
}

// actingUntil writes when the delegated session ends; "" when that cannot be read now.
func (r *Request) actingUntil() string {
	own, err := r.site.Accounts.Sessions(r.Context(), r.Actor)
	if err != nil {
		return ""
	}
	for _, s := range own {
		if s.ID == r.Actor.SessionID && !s.Until.IsZero() {
			return ui.DateTime(r.Context(), s.Until.Time)
		}
	}
	return ""
}

// SignInShell gives the frame of a page for somebody who is not signed in. With the realm "" it belongs to no audience.
func (r *Request) SignInShell(realm account.Realm, title, lead string) ui.SignInShell {
	r.dress()
	s := ui.SignInShell{Audience: ui.Audience(realm), Title: title, Lead: lead, Flashes: ui.TakeFlash(r.W, r.Request)}
	if realm == "" {
		return s
	}
	for _, other := range Realms {
		if other != realm {
			s.Others = append(s.Others, ui.Crumb{Label: r.T("signin." + string(other)), URL: Door(other)})
		}
	}
	s.Others = append(s.Others, ui.Crumb{Label: r.T("shell.help"), URL: "/help"})
	return s
}

// navigation gives the ways that are open to the actor, in the order of the table, in groups.
func (r *Request) navigation() []ui.NavGroup {
	var groups []ui.NavGroup
	index := map[string]int{}
	at, best := [2]int{-1, -1}, 0
	for _, w := range r.site.ways {
		if r.Way(w.URL) == "" {
			continue
		}
		g, ok := index[w.Group]
		if !ok {
			g = len(groups)
			index[w.Group] = g
			title := ""
			if w.Group != "" {
				title = r.T(w.Group)
			}
			groups = append(groups, ui.NavGroup{Title: title})
		}
		if n := r.within(w.URL); n > best {
			at, best = [2]int{g, len(groups[g].Items)}, n
		}
		groups[g].Items = append(groups[g].Items, ui.NavItem{Label: r.T(w.Label), URL: w.URL, Icon: w.Icon})
	}
	if best > 0 {
		groups[at[0]].Items[at[1]].Current = true
	}
	return groups
}

// within says how well an address of the navigation fits this page: its length, 0 when the page is elsewhere.
func (r *Request) within(way string) int {
	if r.URL.Path == way || (way != "/" && strings.HasPrefix(r.URL.Path, way+"/")) {
		return len(way)
	}
	return 0
}
