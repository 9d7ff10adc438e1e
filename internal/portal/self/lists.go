package self

import (
	"context"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/account"
	"linecard/internal/portal/ui"
)

func languages(ctx context.Context, chosen string) []ui.Option {
	out := []ui.Option{{Label: ui.T(ctx, "self.like_browser"), Selected: chosen == ""}}
	for _, l := range ui.Languages() {
		out = append(out, ui.Option{Value: l.Tag, Label: l.Name, Selected: l.Tag == chosen})
	}
	return out
}

func themes(ctx context.Context) []ui.Option {
	now := ui.PrefsOf(ctx).Theme
	return []ui.Option{
		{Value: string(ui.Auto), Label: ui.T(ctx, "theme.auto"), Selected: now == ui.Auto},
		{Value: string(ui.Light), Label: ui.T(ctx, "theme.light"), Selected: now == ui.Light},
		{Value: string(ui.Dark), Label: ui.T(ctx, "theme.dark"), Selected: now == ui.Dark},
	}
}

// zoneNames are the time zones that are offered: one for each offset and rule that many people live under.
var zoneNames = []string{"UTC",
	"Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi",
	"America/Anchorage", "America/Argentina/Buenos_Aires", "America/Bogota", "America/Chicago", "America/Denver", "America/Halifax",
	"America/Lima", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Phoenix", "America/Santiago",
	"America/Sao_Paulo", "America/St_Johns", "America/Toronto", "America/Vancouver",
	"Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kathmandu",
	"Asia/Kolkata", "Asia/Manila", "Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tehran", "Asia/Tokyo",
	"Atlantic/Azores", "Australia/Adelaide", "Australia/Brisbane", "Australia/Darwin", "Australia/Perth", "Australia/Sydney",
	"Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Bucharest", "Europe/Copenhagen", "Europe/Dublin",
	"Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Oslo",
	"Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich",
	"Pacific/Auckland", "Pacific/Fiji", "Pacific/Honolulu",
}

// zones offers them, and the chosen one even when it is none of them.
func zones(ctx context.Context, chosen string) []ui.Option {
	out := []ui.Option{{Label: ui.T(ctx, "self.like_organisation"), Selected: chosen == ""}}
	names := zoneNames
	if chosen != "" && !slices.Contains(names, chosen) {
		names = append([]string{chosen}, names...)
	}
	for _, n := range names {
		out = append(out, ui.Option{Value: n, Label: strings.ReplaceAll(n, "_", " "), Selected: n == chosen})
	}
	return out
}

// shownAgain gives the enrolment of a secret that a form sent back, so that a mistyped code need not scan a new picture. It is
// shown to who sent it and decides nothing: the code is checked against the stored secret.
func shownAgain(text, email string) (enrolment, bool) {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil || len(key) != 20 {
		return enrolment{}, false
	}
	png, err := account.QRCode(account.TOTPURL(issuer, email, key))
	return enrolment{Secret: account.TOTPText(key), Picture: picture(png)}, err == nil
}

// issuer is what an authenticator app shows above the code.
const issuer = "Linecard"

// sessionTable lists sessions, the own one marked.
func sessionTable(ctx context.Context, own string, now time.Time, open []account.Session) ui.Table {
	t := ui.Table{ID: "sessions", Caption: ui.T(ctx, "self.sessions"), Columns: []ui.Column{
		{Label: ui.T(ctx, "self.browser")}, {Label: ui.T(ctx, "self.address")}, {Label: ui.T(ctx, "self.signed_in")}, {Label: ui.T(ctx, "self.last_active")}}}
	for _, s := range open {
		name := browserName(s.UserAgent)
		if name == "" {
			name = ui.T(ctx, "self.unknown_browser")
		}
		note, end := "", ui.T(ctx, "self.end_session")
		if s.ID == own {
			note, end = ui.T(ctx, "self.this_session"), ui.T(ctx, "shell.exit")
		}
		t.Rows = append(t.Rows, ui.Row{ID: s.ID, Name: name,
			Cells:   []templ.Component{ui.Two(name, note, ""), ui.Mono(s.IP), ui.Text(ui.DateTime(ctx, s.Created.Time)), ui.Text(ui.Ago(ctx, now, s.Seen.Time))},
			Actions: []ui.Action{{Label: end, URL: "/account/sessions/" + s.ID + "/end", How: ui.Post}}})
	}
	return t
}

// browserName guesses browser and system from a User-Agent, for people; "" when nothing in it is known.
func browserName(agent string) string {
	find := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := find("Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Version/", "Safari")
	system := find("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case browser != "" && system != "":
		return browser + ", " + system
	default:
		return browser + system
	}
}
