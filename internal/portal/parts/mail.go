package parts

import (
	"github.com/a-h/templ"

	"linecard/internal/deliver"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// MailCard shows how the account mail of an organisation went, with help when it did not arrive (CH-19, CH-20). again are the
// controls that send it once more; without any, the help is left away once it was sent.
func MailCard(r *page.Request, m deliver.MailStatus, again []ui.Action) templ.Component {
	defs := []ui.Def{
		{Term: r.T("customer.state"), Value: Mail(r, m.State)},
		{Term: r.T("mail.subject"), Value: ui.Text(m.Subject)},
		{Term: r.T("mail.to"), Value: ui.Text(m.To)},
		{Term: r.T("mail.changed"), Value: ui.Text(ui.DateTime(r.Context(), m.Changed.Time))},
	}
	if m.LastResponse != "" {
		defs = append(defs, ui.Def{Term: r.T("mail.response"), Value: MailResponse(r, m.LastResponse)})
	}
	body := []templ.Component{ui.Definitions(defs)}
	if m.State != deliver.MailSent || len(again) > 0 {
		body = append(body, ui.Details(r.T("mail.help"), ui.Points(r.T("mail.help_spam"), r.T("mail.help_server"), r.T("mail.help_address"), r.T("mail.help_again"))))
	}
	if len(again) > 0 {
		body = append(body, ui.Buttons(again...))
	}
	return ui.CardOf(r.T("customers.mail"), body...)
}

// Mail says how far a mail is (CH-19).
func Mail(r *page.Request, state deliver.MailState) ui.Badge {
	tones := map[deliver.MailState]ui.Tone{deliver.MailQueued: ui.Busy, deliver.MailSent: ui.OK, deliver.MailTemporary: ui.Warn, deliver.MailFailed: ui.Bad}
	return ui.Badge{Tone: tones[state], Text: r.T("mail.state." + string(state))}
}

// MailResponse shows what the mail server said last, or our own word for it where it said nothing (CH-20).
func MailResponse(r *page.Request, response string) templ.Component {
	switch response {
	case deliver.ResponseExpired, deliver.ResponseNoServer, deliver.ResponseNoSetting, deliver.ResponseRefused, deliver.ResponseKept:
		return ui.Text(r.T("mail.response." + response))
	}
	return ui.Mono(response)
}
