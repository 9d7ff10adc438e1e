package team

import (
	"strconv"

	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// steps are what can be done with an account beside editing it; the value says whether it is a dangerous one.
var steps = map[string]bool{"reset-password": false, "unlock": false, "reset-second-factor": true, "enable": false, "disable": true, "delete": true}

// logged names the steps as the log does when they succeed.
var logged = map[string]string{"reset-password": "reset-password", "unlock": "unlock", "reset-second-factor": "second-factor", "enable": "edit", "disable": "edit", "delete": "delete"}

// Ask asks before a step.
func (b book) Ask(r *page.Request) error {
	step := r.PathValue("step")
	danger, known := steps[step]
	if !known {
		return errs.Missing("page")
	}
	a, err := b.look(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	s := r.Shell(r.T("people.step."+step), "")
	s.Crumbs = append(b.crumbs(r), ui.Crumb{Label: a.Name, URL: b.url(a, "")})
	return r.Show(ui.Full(s, ui.Question{Title: r.T("people.step."+step) + r.T("people.colon") + a.Name, Text: r.T("people.step_text." + step), Danger: danger,
		URL: b.url(a, step), Submit: r.T("people.step." + step), CancelURL: b.url(a, ""), Hidden: []ui.Hidden{page.Versioned(a.Version)}}))
}

// Do takes the step.
func (b book) Do(r *page.Request) error {
	step := r.PathValue("step")
	if _, known := steps[step]; !known {
		return errs.Missing("page")
	}
	a, err := b.look(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	tries(r, logged[step], a)
	to := b.url(a, "")
	switch step {
	case "reset-password":
		_, err = b.Accounts.ResetPassword(r.Context(), r.Actor, a.ID)
	case "unlock":
		err = b.Accounts.Unlock(r.Context(), r.Actor, a.ID)
	case "reset-second-factor":
		err = b.Accounts.ResetSecondFactor(r.Context(), r.Actor, a.ID)
	case "enable", "disable":
		off := step == "disable"
		_, err = b.Accounts.Edit(r.Context(), r.Actor, a.ID, account.Patch{Disabled: &off, IfVersion: r.Version()})
	case "delete":
		to = b.base
		err = b.Accounts.Delete(r.Context(), r.Actor, a.ID)
	}
	if err != nil {
		return err
	}
	return r.Done(to, r.T("people.done."+step, "name", a.Name, "email", a.Email))
}

// chosenMost bounds how many accounts one form deletes.
const chosenMost = 200

// AskDeleteSome is where a reload of the question leads: the chosen rows came by form, so the list is asked again.
func (b book) AskDeleteSome(r *page.Request) error { return r.Redirect(b.base) }

// DeleteSome deletes the chosen accounts after a question (CH-89). The first form comes from the list and asks, the second
// one deletes, all of them or none that the person may not delete.
func (b book) DeleteSome(r *page.Request) error {
	ids := r.PostForm["id"]
	if len(ids) == 0 || len(ids) > chosenMost {
		return r.Redirect(b.base)
	}
	var chosen []account.Account
	for _, id := range ids {
		a, err := b.look(r, id)
		if err != nil {
			return err
		}
		chosen = append(chosen, a)
	}
	if r.PostFormValue("sure") != "yes" {
		q := ui.Question{Title: ui.N(r.Context(), "people.delete_some", len(chosen)), Text: r.T("people.step_text.delete"), Danger: true, URL: b.base + "/delete",
			Submit: r.T("action.delete"), CancelURL: b.base, Hidden: []ui.Hidden{{Name: "sure", Value: "yes"}}}
		for _, a := range chosen {
			q.Consequences = append(q.Consequences, a.Name+" · "+a.Email)
			q.Hidden = append(q.Hidden, ui.Hidden{Name: "id", Value: a.ID})
		}
		s := r.Shell(r.T("action.delete"), "")
		s.Crumbs = b.crumbs(r)
		return r.Show(ui.Full(s, q))
	}
	for _, a := range chosen {
		tries(r, "delete", a)
		if err := b.Accounts.Delete(r.Context(), r.Actor, a.ID); err != nil {
			return err
		}
	}
	return r.Done(b.base, r.T("people.deleted_some", "n", strconv.Itoa(len(chosen))))
}
