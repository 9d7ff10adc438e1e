package wholesale

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/billing"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// reportWire is a report in each of its three forms: in a list, as the answer to its order, and alone.
type reportWire struct {
	ID          string        `json:"id"`
	Start       string        `json:"billingStartDate"`
	End         string        `json:"billingEndDate"`
	Type        string        `json:"type"`
	Category    string        `json:"category"`
	Status      string        `json:"status,omitempty"`
	Created     string        `json:"created,omitempty"`
	CreatedBy   string        `json:"createdBy,omitempty"`
	DownloadURL string        `json:"tempDownloadURL,omitempty"`
	Errors      []reportFault `json:"errors,omitempty"`
}

// reportFault says code where everything else says errorCode; so does the public description.
type reportFault struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
}

type reportIn struct {
	Start      string `json:"billingStartDate"`
	End        string `json:"billingEndDate"`
	Type       string `json:"type"`
	SubPartner string `json:"subPartnerOrgId"`
	Internal   bool   `json:"internal"` // there are no organisations of that kind here
}

// reportFiles is where the native API serves the files of finished reports to whoever has a signed address (WS-64).
const reportFiles = "/api/downloads/"

var (
	reportNames = map[string]string{"state": "status", "start_date": "billingStartDate", "end_date": "billingEndDate"}
	reportSorts = map[string]string{"": "billing_start_date", "id": "id", "billingStartDate": "billing_start_date", "billingEndDate": "billing_end_date", "status": "status"}

	errNoReport = errs.New(errs.NotFound, "no_such_report", "There is no such report.")
	errSortBy   = errs.BadField("sortBy", "unknown_value", "This is none of the possible values.")
)

func reportOf(r billing.Report) reportWire {
	return reportWire{ID: encode(reportID, r.ID), Start: r.Start, End: r.End, Type: r.Type, Category: r.Category}
}

// provider says whose reports are meant: the operator's people name a provider, a partner one of its sub-partners.
func (c *call) reporting(given string) (provider, sub string, err error) {
	if given == "" {
		return "", "", nil
	}
	id, ok := decode(given)
	switch {
	case !ok:
		return "", "", errs.Missing("sub-partner")
	case c.actor.Tenant.Kind == access.Operator:
		return id, "", nil
	}
	return "", id, nil
}

func (a *API) listReports(ctx context.Context, c *call) (answer, error) {
	w, err := windowOf(c.query, reportsMost)
	if err != nil {
		return answer{}, err
	}
	sort, ok := reportSorts[c.query.Get("sortBy")]
	if !ok {
		return answer{}, errSortBy
	}
	q := billing.ReportQuery{Start: dayOf(c.query.Get("billingStartDate")), End: dayOf(c.query.Get("billingEndDate")), Type: c.query.Get("type"), State: c.query.Get("status"),
		Page: db.Page{Limit: w.max, Sort: sort}}
	if q.ProviderID, q.SubPartnerID, err = c.reporting(c.query.Get("subPartnerOrgId")); err != nil {
		return answer{}, err
	}
	l, err := a.d.Billing.Reports(ctx, c.actor, q)
	if err != nil {
		return answer{}, err
	}
	items := make([]reportWire, 0, len(l.Items))
	for _, r := range l.Items {
		one := reportOf(r)
		one.Status = r.Status
		items = append(items, one)
	}
	return answer{status: http.StatusOK, body: map[string]any{"items": items}}, nil
}

func (a *API) createReport(ctx context.Context, c *call) (answer, error) {
	var in reportIn
	if err := into(c.body, &in); err != nil {
		return answer{}, err
	}
	n := billing.NewReport{Start: dayOf(in.Start), End: dayOf(in.End), Type: in.Type}
	var faults []errs.Field
	for name, v := range map[string]string{"billingStartDate": in.Start, "billingEndDate": in.End} {
		if strings.TrimSpace(v) == "" {
			faults = append(faults, required(name))
		}
	}
	if len(faults) > 0 {
		return answer{}, errs.BadFields(faults)
	}
	var err error
	if n.ProviderID, n.SubPartnerID, err = c.reporting(in.SubPartner); err != nil {
		return answer{}, err
	}
	r, err := a.d.Billing.CreateReport(ctx, c.actor, n)
	if err != nil {
		if e := errs.As(err); e.Code == "report_exists" {
			err = e.With("report", encode(reportID, e.Params["id"])) // clients look for it and take it
		}
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: reportOf(r)}, nil
}

func (a *API) getReport(ctx context.Context, c *call) (answer, error) {
	r, err := a.d.Billing.Report(ctx, c.actor, c.id)
	if err != nil {
		return answer{}, noReport(err)
	}
	out := reportOf(r)
	out.Status, out.Created, out.CreatedBy = r.Status, instant(r.Created), encode(personID, r.CreatedBy)
	if link, _ := a.d.Billing.Link(r, billing.CSV); link != "" {
		out.DownloadURL = strings.TrimSuffix(c.base, Prefix) + reportFiles + r.ID + ".csv?" + link
	}
	if f := r.Fault.V; r.Status == billing.Failed && f.Code != "" {
		out.Errors = []reportFault{{numberOf(f.Code, http.StatusInternalServerError), f.Message}}
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func (a *API) deleteReport(ctx context.Context, c *call) (answer, error) {
	if err := a.d.Billing.DeleteReport(ctx, c.actor, c.id, 0); err != nil {
		return answer{}, noReport(err)
	}
	return answer{status: http.StatusNoContent}, nil
}

func noReport(err error) error {
	if errs.KindOf(err) == errs.NotFound {
		return errNoReport
	}
	return err
}

// dayOf gives the day of what is a day or an instant: some clients send filters as instants. Anything else stays as it is and is refused
// by the room.
func dayOf(s string) string {
	s = strings.TrimSpace(s)
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC().Format(time.DateOnly)
		}
	}
	return s
}

// instant is how instants are written: UTC with milliseconds.
func instant(t db.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// since reads an instant in a filter: milliseconds since 1970, which the public description prefers, or ISO 8601.
func since(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 && n < 1<<52 {
		return time.UnixMilli(n).UTC(), true
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func required(name string) errs.Field {
	return errs.Field{Name: name, Code: "required", Message: "This field must not be empty."}
}
