package parts

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// Wizard is a form in several steps that works without scripts: what was typed in the other steps travels in hidden fields, so
// nothing is stored before the last one is sent and the way back loses nothing.
type Wizard struct {
	URL    string
	Steps  []WizardStep
	At     int
	Typed  url.Values
	Cancel string
	Finish string // label of the button that does it, on the last step
	Off    bool   // the last step cannot be sent as things stand
}

// WizardStep is a step: the names of its fields and how it is shown.
type WizardStep struct {
	Label  string
	Fields []string
	Show   func(f ui.Faults) []templ.Component
}

// What a wizard's buttons send as "do". wizardTo begins the number of a step to return to.
const (
	WizardNext = "next"
	WizardBack = "back"
	WizardDone = "done"
	wizardTo   = "to-"
)

// WizardAt reads which step was sent and where its button leads, within steps; back is true when nothing is to be checked.
func WizardAt(r *page.Request, steps int) (from, to int, back bool) {
	from, err := strconv.Atoi(r.PostFormValue("step"))
	if err != nil || from < 0 || from >= steps {
		from = 0
	}
	do := r.PostFormValue("do")
	switch {
	case do == WizardBack:
		return from, max(0, from-1), true
	case len(do) > len(wizardTo) && do[:len(wizardTo)] == wizardTo:
		if n, err := strconv.Atoi(do[len(wizardTo):]); err == nil && n >= 0 && n < from {
			return from, n, true
		}
		return from, from, true
	case do == WizardNext:
		return from, min(from+1, steps-1), false
	}
	return from, from, false
}

// Show writes the trail of steps and the present one.
func (w Wizard) Show(r *page.Request, err error) templ.Component {
	var labels []string
	for _, s := range w.Steps {
		labels = append(labels, s.Label)
	}
	f := ui.FaultsOf(r.Context(), err)
	here := w.Steps[w.At]
	form := ui.Form{URL: w.URL, Faults: f, Cancel: w.Cancel, Guard: true, Columns: true, Hidden: []ui.Hidden{{Name: "step", Value: strconv.Itoa(w.At)}}}
	for i, s := range w.Steps {
		if i == w.At {
			continue
		}
		for _, name := range s.Fields {
			for _, v := range w.Typed[name] {
				form.Hidden = append(form.Hidden, ui.Hidden{Name: name, Value: v})
			}
		}
	}
	next := ui.Action{Label: r.T("wizard.next"), How: ui.Submit, Name: "do", Value: WizardNext, Style: "primary"}
	if w.At == len(w.Steps)-1 {
		next.Label, next.Value, next.Disabled = w.Finish, WizardDone, w.Off
	}
	form.Extra = []ui.Action{next}
	if w.At > 0 {
		form.Extra = append(form.Extra, ui.Action{Label: r.T("wizard.back"), How: ui.Submit, Name: "do", Value: WizardBack, Icon: "arrow-left"})
	}
	return ui.Stack(ui.Trail(r.T("wizard.trail"), labels, w.At), ui.CardOf(here.Label, ui.FormOf(form, here.Show(f)...)))
}

// Change is the button of a summary that returns to a step.
func (w Wizard) Change(r *page.Request, step int) ui.Action {
	return ui.Action{Label: r.T("action.edit"), About: w.Steps[step].Label, How: ui.Submit, Name: "do", Value: wizardTo + strconv.Itoa(step), Icon: "pencil", Style: "quiet"}
}

// Only keeps of an error the faults of these fields and of what lies below them ("address" has "address.city"); nil when none is left.
// A refusal that names no field is kept.
func Only(err error, fields ...string) error {
	if err == nil {
		return nil
	}
	e := errs.As(err)
	if len(e.Fields) == 0 {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(e.Fields), func(f errs.Field) bool {
		return !slices.ContainsFunc(fields, func(name string) bool {
			return f.Name == name || len(f.Name) > len(name) && f.Name[:len(name)] == name && (f.Name[len(name)] == '.' || f.Name[len(name)] == '[')
		})
	})
	if len(kept) == 0 {
		return nil
	}
	out := *e
	out.Fields = kept
	return &out
}
