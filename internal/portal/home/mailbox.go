package home

import (
	"net/url"

	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// Mailbox lists the mails that the demo kept instead of sending them. Only who sits at this machine sees them: they hold
// links that sign in (decision 26).
func (p Pages) Mailbox(r *page.Request) error {
	if !httpx.FromThisMachine(r.Context()) {
		return errs.Missing("page")
	}
	mails, next, err := p.Deps.Mail.Mailbox(r.Context(), db.Page{Limit: 50, Cursor: r.FormValue("cursor")})
	if err != nil {
		return err
	}
	if next != "" {
		next = "/demo/mail?cursor=" + url.QueryEscape(next)
	}
	s := r.SignInShell("", r.T("mailbox.title"), r.T("mailbox.lead"))
	s.Wide = true
	return r.Show(mailboxPage(s, mails, next))
}

// Mail shows one of them.
func (p Pages) Mail(r *page.Request) error {
	if !httpx.FromThisMachine(r.Context()) {
		return errs.Missing("page")
	}
	m, err := p.kept(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	s := r.SignInShell("", m.Subject, "")
	s.Wide = true
	return r.Show(mailPage(s, m, ui.LinkedText(m.Text)))
}

// kept finds a mail by its id among those that are kept.
func (p Pages) kept(r *page.Request, id string) (deliver.Kept, error) {
	for cursor := ""; ; {
		mails, next, err := p.Deps.Mail.Mailbox(r.Context(), db.Page{Limit: 200, Cursor: cursor})
		if err != nil {
			return deliver.Kept{}, err
		}
		for _, m := range mails {
			if m.ID == id {
				return m, nil
			}
		}
		if cursor = next; cursor == "" {
			return deliver.Kept{}, errs.Missing("mail")
		}
	}
}
