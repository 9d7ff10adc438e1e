package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"linecard/internal/billing"
)

// BillingReport is usage of a period as a table (WS-61 … WS-72).
type BillingReport struct {
	ID               string     `json:"id"`
	PartnerID        string     `json:"partner_id"`
	SubPartnerID     string     `json:"sub_partner_id" doc:"About this sub-partner; empty: about direct customers"`
	WithSubPartners  bool       `json:"include_sub_partners"`
	BillingStartDate string     `json:"billing_start_date"`
	BillingEndDate   string     `json:"billing_end_date"`
	Type             string     `json:"type" enum:"PARTNER,CUSTOMER,USER"`
	Category         string     `json:"category" enum:"RECONCILIATION,POINT_IN_TIME"`
	Status           string     `json:"status" enum:"IN_PROGRESS,COMPLETED,FAILED"`
	Rows             int64      `json:"rows"`
	OperationID      string     `json:"operation_id"`
	CSV              string     `json:"download_url" doc:"When it is complete: CSV, without a token, for 30 minutes; new with every request"`
	JSON             string     `json:"json_lines_url" doc:"The same as JSON lines"`
	LinksUntil       *time.Time `json:"links_until"`
	Error            *Reason    `json:"error" doc:"Of a failed one"`
	CreatedBy        string     `json:"created_by"`
	Created          time.Time  `json:"created"`
	Finished         *time.Time `json:"finished"`
}

// Reason is why something failed.
type Reason struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// reportPath is where files of reports are fetched by link, without a session.
const reportPath = "/api/downloads/"

func (a *API) reportOf(r billing.Report) BillingReport {
	out := BillingReport{ID: r.ID, PartnerID: r.PartnerID, SubPartnerID: r.SubPartnerID, WithSubPartners: r.WithSubs, BillingStartDate: r.Start, BillingEndDate: r.End, Type: r.Type,
		Category: r.Category, Status: r.Status, Rows: r.Rows, OperationID: r.OperationID, CreatedBy: r.CreatedBy, Created: r.Created.Time, Finished: when(r.Finished)}
	if r.Fault.V.Code != "" {
		out.Error = &Reason{r.Fault.V.Code, r.Fault.V.Message}
	}
	return out
}

// linked adds fresh links to a report that is complete.
func (a *API) linked(r billing.Report) BillingReport {
	out := a.reportOf(r)
	if query, until := a.d.Billing.Link(r, billing.CSV); query != "" {
		out.CSV, out.LinksUntil = strings.TrimRight(a.d.PublicURL, "/")+reportPath+r.ID+".csv?"+query, &until
		query, _ = a.d.Billing.Link(r, billing.JSONLines)
		out.JSON = strings.TrimRight(a.d.PublicURL, "/") + reportPath + r.ID + ".jsonl?" + query
	}
	return out
}

type listReportsIn struct {
	Paged
	PartnerID    string `query:"partner_id" doc:"Of this partner or sub-partner; absent: one's own, for the operator all"`
	SubPartnerID string `query:"sub_partner_id"`
	Start        string `query:"billing_start_date"`
	End          string `query:"billing_end_date"`
	Type         string `query:"type"`
	Category     string `query:"category"`
	Status       string `query:"status"`
	Sort         string `query:"sort" enum:"billing_start_date,-billing_start_date,billing_end_date,-billing_end_date,status,-status,id,-id,created,-created"`
}

func (a *API) listReports(ctx context.Context, c *call, in *listReportsIn) (List[BillingReport], error) {
	l, err := a.d.Billing.Reports(ctx, c.actor, billing.ReportQuery{ProviderID: in.PartnerID, SubPartnerID: in.SubPartnerID, Start: in.Start, End: in.End, Type: in.Type, Category: in.Category,
		State: in.Status, Page: in.page(in.Sort)})
	return listOf(l.Items, l.Next, a.reportOf), err
}

// NewBillingReport is a report to order.
type NewBillingReport struct {
	PartnerID        string `json:"partner_id,omitempty" doc:"In the name of this partner or sub-partner; absent: one's own"`
	SubPartnerID     string `json:"sub_partner_id,omitempty" doc:"About this sub-partner of the partner"`
	WithSubPartners  bool   `json:"include_sub_partners,omitempty" doc:"Direct customers and those of all sub-partners, with two more columns"`
	BillingStartDate string `json:"billing_start_date,omitempty" maxLength:"10" example:"2026-01-01"`
	BillingEndDate   string `json:"billing_end_date,omitempty" maxLength:"10" example:"2026-01-31"`
	Type             string `json:"type,omitempty" maxLength:"16" doc:"PARTNER (default), CUSTOMER or USER"`
	Category         string `json:"category,omitempty" maxLength:"16" doc:"RECONCILIATION (default) or POINT_IN_TIME, which takes no days"`
}

type createReportIn struct{ Body NewBillingReport }

func (a *API) createReport(ctx context.Context, c *call, in *createReportIn) (BillingReport, error) {
	b := in.Body
	r, err := a.d.Billing.CreateReport(ctx, c.actor, billing.NewReport{ProviderID: b.PartnerID, SubPartnerID: b.SubPartnerID, WithSubs: b.WithSubPartners, Start: b.BillingStartDate, End: b.BillingEndDate,
		Type: b.Type, Category: b.Category})
	if err == nil {
		c.created("/billing-reports/"+r.ID, r.Version)
	}
	return a.reportOf(r), err
}

// ReportRef names a report in a path.
type ReportRef struct {
	Report string `path:"report" doc:"Id of the report"`
}

func (a *API) getReport(ctx context.Context, c *call, in *ReportRef) (BillingReport, error) {
	r, err := a.d.Billing.Report(ctx, c.actor, in.Report)
	c.tagged(r.Version)
	if err != nil {
		return BillingReport{}, err
	}
	return a.linked(r), nil
}

func (a *API) deleteReport(ctx context.Context, c *call, in *ReportRef) (none, error) {
	return none{}, a.d.Billing.DeleteReport(ctx, c.actor, in.Report, c.ifVersion())
}

// download serves the file of a report to whoever has a link to it; the link is the whole right (WS-64).
func (a *API) download(w http.ResponseWriter, r *http.Request) {
	if a.d.Billing == nil {
		refuse(w, r, errMissing)
		return
	}
	id, form, _ := strings.Cut(r.PathValue("file"), ".")
	q := r.URL.Query()
	body, report, err := a.d.Billing.Fetch(r.Context(), id, form, q.Get("until"), q.Get("key"))
	if err != nil {
		refuse(w, r, err)
		return
	}
	defer body.Close()
	h := w.Header()
	h.Set("Content-Type", map[string]string{billing.CSV: "text/csv; charset=utf-8; header=present", billing.JSONLines: "application/jsonl; charset=utf-8"}[form])
	h.Set("Content-Disposition", `attachment; filename="`+strings.ToLower(report.Type)+`_`+report.Start+`_`+report.End+`.`+form+`"`)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = io.Copy(w, body) // the client has gone, or the storage failed: the length that is missing says so
}

// NewCharge is a one-off charge.
type NewCharge struct {
	Item  string `json:"item" maxLength:"64" doc:"Code of an item whose rule is once"`
	Units int64  `json:"units,omitempty" minimum:"1" maximum:"1000000" default:"1"`
	Note  string `json:"note,omitempty" maxLength:"200"`
}

type chargeIn struct {
	CustomerRef
	Body NewCharge
}

func (a *API) chargeCustomer(ctx context.Context, c *call, in *chargeIn) (none, error) {
	return none{}, a.d.Billing.Charge(ctx, c.actor, in.Customer, billing.NewCharge{Item: in.Body.Item, Units: in.Body.Units, Note: in.Body.Note})
}
