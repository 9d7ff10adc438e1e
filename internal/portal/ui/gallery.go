package ui

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/errs"
)

// GalleryPath is where Gallery is mounted.
const GalleryPath = "/design"

// Gallery serves the pages that show every part with made-up values: all parts, a list, a form with faults, a question, a
// sign-in page. It reads nothing and changes nothing; the screenshot and accessibility tests look at it.
func Gallery() http.Handler {
	mux := http.NewServeMux()
	page := func(path string, view func(ctx context.Context) templ.Component) {
		mux.HandleFunc("GET "+GalleryPath+path, func(w http.ResponseWriter, r *http.Request) {
			ctx := With(r.Context(), FromRequest(r, Settings{}))
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			_ = view(ctx).Render(ctx, w) // the client went away: nobody to tell
		})
	}
	page("", func(context.Context) templ.Component { return galleryParts() })
	page("/list", func(context.Context) templ.Component { return galleryList() })
	page("/form", func(context.Context) templ.Component { return galleryForm() })
	page("/question", func(context.Context) templ.Component { return galleryQuestion() })
	page("/signin", func(context.Context) templ.Component { return gallerySignIn() })
	page("/progress", func(ctx context.Context) templ.Component { return sampleProgress(ctx) })
	return mux
}

var sampleTime = time.Date(2026, 11, 22, 9, 41, 0, 0, time.UTC)

func sampleShell(ctx context.Context, title, lead string) Shell {
	return Shell{
		Title: title, Lead: lead, Audience: Partner, Tenant: "Brightline Telecom", Home: GalleryPath,
		Person: Person{Name: "Mara Lindqvist", Email: "mara@brightline.example"},
		Search: &Search{URL: GalleryPath + "/list", Label: T(ctx, "shell.search")},
		Nav: []NavGroup{
			{Items: []NavItem{
				{Label: T(ctx, "nav.overview"), URL: GalleryPath, Icon: "home", Current: title == T(ctx, "design.title")},
				{Label: T(ctx, "nav.customers"), URL: GalleryPath + "/list", Icon: "building", Current: title == T(ctx, "nav.customers")},
				{Label: T(ctx, "nav.devices"), URL: "#", Icon: "device-landline-phone", Count: 3},
			}},
			{Title: T(ctx, "nav.team"), Items: []NavItem{
				{Label: T(ctx, "nav.sub_accounts"), URL: GalleryPath + "/form", Icon: "users", Current: title == T(ctx, "design.form_title")},
				{Label: T(ctx, "nav.audit"), URL: "#", Icon: "history"},
			}},
			{Title: T(ctx, "nav.integration"), Items: []NavItem{
				{Label: T(ctx, "nav.tokens"), URL: "#", Icon: "key"},
				{Label: T(ctx, "nav.webhooks"), URL: "#", Icon: "webhook"},
			}},
		},
		AccountURL: GalleryPath + "/form", SignOutURL: GalleryPath,
	}
}

type sampleCustomer struct {
	name, mail, host string
	phones           int
	state            Tone
	added            time.Time
}

var sampleCustomers = []sampleCustomer{
	{"Harbour Dental Group", "office@harbourdental.example", "harbour", 184, OK, sampleTime.AddDate(-2, -1, -9)},
	{"Kestrel & Rowe Solicitors", "it@kestrelrowe.example", "kestrel", 62, OK, sampleTime.AddDate(-1, -6, -2)},
	{"青禾教育科技有限公司", "admin@qinghe.example", "qinghe", 1240, Busy, sampleTime.AddDate(0, 0, -1)},
	{"Meridian Logistics", "ops@meridian.example", "meridian", 415, Warn, sampleTime.AddDate(-3, -2, 4)},
	{"Solvang Bryggeri AS", "post@solvang.example", "solvang", 18, Off, sampleTime.AddDate(-1, -1, 0)},
	{"Tannery Row Hotel", "frontdesk@tanneryrow.example", "tanneryrow", 96, Bad, sampleTime.AddDate(0, -4, -12)},
}

func (c sampleCustomer) badge(ctx context.Context) Badge {
	return Badge{Tone: c.state, Text: T(ctx, "design.state."+string(c.state))}
}

func sampleTable(ctx context.Context) Table {
	t := Table{ID: "customers", Caption: T(ctx, "nav.customers"), Select: true,
		Bulk: []Action{{Label: T(ctx, "action.export"), URL: "#", Icon: "download"},
			{Label: T(ctx, "action.freeze"), URL: "#", Icon: "snowflake"}},
		Columns: []Column{
			{Label: T(ctx, "customer.name"), SortURL: "?sort=-name", Sorted: "ascending"},
			{Label: T(ctx, "customer.state")},
			{Label: T(ctx, "customer.host"), Minor: true},
			{Label: T(ctx, "nav.devices"), SortURL: "?sort=devices", Number: true},
			{Label: T(ctx, "customer.added"), SortURL: "?sort=added", Minor: true},
		},
		Pager: &Pager{Next: "?cursor=n", Text: T(ctx, "pager.shown", "n", len(sampleCustomers), "total", 1284)},
	}
	for _, c := range sampleCustomers {
		t.Rows = append(t.Rows, Row{ID: c.host, Name: c.name, Dim: c.state == Off,
			Cells: []templ.Component{Two(c.name, c.mail, "#"), c.badge(ctx), Mono(c.host), Text(Number(ctx, c.phones)), Text(Date(ctx, c.added))},
			Actions: []Action{{Label: T(ctx, "action.enter"), URL: "#"},
				{Label: T(ctx, "action.edit"), URL: GalleryPath + "/form", Icon: "pencil"},
				{Label: T(ctx, "action.reset_password"), URL: GalleryPath + "/question", How: Confirm, Icon: "key"},
				{Label: T(ctx, "action.freeze"), URL: GalleryPath + "/question", How: Confirm, Icon: "snowflake", Style: "danger"}}})
	}
	return t
}

func sampleFilters(ctx context.Context) Filters {
	return Filters{URL: GalleryPath + "/list", Search: &Search{Label: T(ctx, "customer.search")}, ClearURL: GalleryPath + "/list",
		Fields: []templ.Component{
			Select{Name: "state", Label: T(ctx, "customer.state"), Compact: true, Options: []Option{
				{Label: T(ctx, "filter.any")}, {Value: "ok", Label: T(ctx, "design.state.ok"), Selected: true}, {Value: "off", Label: T(ctx, "design.state.off")}}},
			Input{Name: "from", Label: T(ctx, "filter.from"), Kind: "date", Value: "2026-01-01", Compact: true},
		}}
}

func sampleStats(ctx context.Context) []Stat {
	return []Stat{
		{Label: T(ctx, "nav.customers"), Value: Number(ctx, 1284), Note: N(ctx, "design.new_this_week", 7), URL: GalleryPath + "/list",
			Trend: []float64{3, 4, 4, 6, 7, 7, 9, 10, 12, 12, 14, 17}},
		{Label: T(ctx, "design.phones_online"), Value: Number(ctx, 48210), Note: T(ctx, "design.share", "share", "98.4 %"), Tone: OK,
			Trend: []float64{9, 8, 9, 9.5, 9, 7, 8.5, 9, 9.2, 9.4, 9.1, 9.6}},
		{Label: T(ctx, "design.waiting"), Value: Number(ctx, 3), Note: T(ctx, "design.oldest", "ago", Ago(ctx, sampleTime, sampleTime.Add(-26*time.Hour))), Tone: Warn},
		{Label: T(ctx, "nav.webhooks"), Value: "2 / 3", Note: N(ctx, "design.failing", 1), Tone: Bad},
	}
}

func sampleEvents(ctx context.Context) []Event {
	return []Event{
		{Tone: OK, Title: T(ctx, "design.event_created", "name", "Harbour Dental Group"), Actor: "Mara Lindqvist", At: sampleTime},
		{Tone: Info, Title: T(ctx, "design.event_entered", "name", "Meridian Logistics"), Text: T(ctx, "design.event_reason"), Actor: "Jonas Okafor", At: sampleTime.Add(-47 * time.Minute)},
		{Tone: Bad, Title: T(ctx, "design.event_failed"), Text: "198.51.100.24", Actor: "ops@meridian.example", At: sampleTime.Add(-3 * time.Hour)},
	}
}

func sampleProgress(ctx context.Context) Progress {
	return Progress{ID: "import", Label: T(ctx, "design.importing"), Done: 640, Total: 1240, Tone: Busy, PollURL: GalleryPath + "/progress"}
}

var sampleFault = &errs.Error{Kind: errs.Invalid, Code: "invalid_fields", Message: "Some fields are not valid.", Fields: []errs.Field{
	{Name: "email", Code: "email", Message: "Enter an e-mail address like name@example.com."},
	{Name: "password", Code: "too_short", Message: "Use at least 12 characters.", Params: map[string]string{"min": "12"}},
	{Name: "functions", Code: "required", Message: "Choose at least one."},
}}

func languageOptions() (options []Option) {
	for _, l := range Languages() {
		options = append(options, Option{Value: l.Tag, Label: l.Name})
	}
	return options
}
