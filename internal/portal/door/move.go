package door

import (
	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// Move shows a person who is asked to move to another organisation what it means (WS-116). Looking decides nothing, so mail programs that
// open links early do no harm.
func (p Pages) Move(r *page.Request) error {
	if err := r.Limit(); err != nil {
		return err
	}
	return p.showMove(r, nil)
}

func (p Pages) showMove(r *page.Request, refused error) error {
	m, err := p.Subscriber.OpenMove(r.Context(), r.PathValue("token"))
	if err != nil {
		return deadMove(r, err)
	}
	r.Speak(m.Locale)
	view := movePage(moveShell(r, r.T("door.move_title", "organisation", m.To), r.T("door.link_for", "email", m.Email)), m, ui.FaultsOf(r.Context(), refused))
	if refused != nil {
		return r.Again(refused, view)
	}
	return r.Show(view)
}

func moveShell(r *page.Request, title, lead string) ui.SignInShell {
	s := r.SignInShell(account.CustomerRealm, title, lead)
	s.Others = nil
	return s
}

func deadMove(r *page.Request, err error) error {
	if errs.KindOf(err) != errs.Gone {
		return err
	}
	return r.Again(err, movedPage(moveShell(r, r.T("door.link_expired"), ""), r.T("door.move_dead")))
}

// AgreeToMove moves the person.
func (p Pages) AgreeToMove(r *page.Request) error {
	if err := r.Limit(); err != nil {
		return err
	}
	m, err := p.Subscriber.OpenMove(r.Context(), r.PathValue("token"))
	if err == nil {
		r.Speak(m.Locale)
		_, err = p.Subscriber.Agree(r.Context(), r.PathValue("token"), r.IP)
	}
	switch {
	case err == nil:
		return r.Show(movedPage(moveShell(r, r.T("door.move_done", "organisation", m.To), r.T("door.link_for", "email", m.Email)), r.T("door.move_done_text", "organisation", m.To)))
	case errs.KindOf(err) == errs.Gone:
		return deadMove(r, err)
	}
	return p.showMove(r, err)
}
