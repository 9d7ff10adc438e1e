package home

import (
	"context"
	"strings"
	"unicode/utf8"

	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// feedback is the form of CH-92.
type feedback struct {
	Topic, Message, Email, Page string
	To                          string // organisation
	Faults                      ui.Faults
}

const (
	topicMost   = 120
	messageMost = 4000
)

// Feedback offers to write to whoever supports the actor's organisation (CH-92). Without an address to write to there is no
// such page.
func (p Pages) Feedback(r *page.Request) error {
	return p.showFeedback(r, feedback{Email: r.Me.Email, Page: fromPage(r)}, nil)
}

// fromPage is the page the person came from.
func fromPage(r *page.Request) string { return page.ReturnPath(r.FormValue("from")) }

func (p Pages) showFeedback(r *page.Request, v feedback, refused error) error {
	to := p.contact(r)
	if to == nil {
		return errs.Missing("page")
	}
	v.To = to.Name
	v.Faults = ui.FaultsOf(r.Context(), refused, "topic", r.T("feedback.topic"), "message", r.T("feedback.message"), "email", r.T("feedback.email"))
	view := feedbackPage(r.Shell(r.T("feedback.title"), r.T("feedback.lead", "organisation", v.To)), v)
	if refused != nil {
		return r.Again(refused, view)
	}
	return r.Show(view)
}

// SendFeedback mails it to the support address of the next tier, with who, where from and which page.
func (p Pages) SendFeedback(r *page.Request) error {
	v := feedback{Topic: strings.TrimSpace(r.PostFormValue("topic")), Message: strings.TrimSpace(r.PostFormValue("message")),
		Email: r.PostFormValue("email"), Page: fromPage(r)}
	if err := r.Limit(); err != nil {
		return err
	}
	var c errs.Checker
	v.Topic = c.Text("topic", v.Topic, 1, topicMost)
	v.Email = c.Email("email", v.Email, true)
	switch n := utf8.RuneCountInString(v.Message); {
	case n == 0:
		c.Add(errs.Field{Name: "message", Code: "required", Message: "Please fill in this field."})
	case n > messageMost:
		c.Add(errs.Field{Name: "message", Code: "too_long", Message: "This is too long.", Params: map[string]string{"max": "4000"}})
	}
	if err := c.Err(); err != nil {
		return p.showFeedback(r, v, err)
	}
	to := p.contact(r)
	if to == nil {
		return errs.Missing("page")
	}
	err := p.DB.Tx(r.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := p.Deps.Mail.Mail(ctx, tx, deliver.Letter{To: to.Email, Locale: to.Locale, Template: deliver.Feedback, ReplyTo: v.Email, TenantID: to.ID,
			Values: map[string]string{"organisation": r.Actor.Tenant.Name, "topic": v.Topic, "person": r.Me.Name, "email": v.Email, "message": v.Message, "page": v.Page}})
		return err
	})
	if err != nil {
		return p.showFeedback(r, v, err)
	}
	return r.Done("/", r.T("feedback.sent"))
}
