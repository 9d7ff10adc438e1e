package portal_test

import (
	"strings"
	"testing"
	"time"

	"linecard/internal/portal/browsertest"
	"linecard/internal/portal/portaltest"
	"linecard/internal/profile"
)

// A day with a fleet: the dashboard leads to what it counts, the list keeps its conditions, exports what it shows and does things to many
// phones at once; a phone is replaced; a session that ends takes nothing along that was typed.
func TestInABrowserADayWithManyPhones(t *testing.T) {
	w := portaltest.Start(t)
	site := house(t, w)
	x := tradeOf(t, w)
	tab := seat(t, w, w.Customer, browsertest.Look{})
	rows := func() int {
		t.Helper()
		return browsertest.Eval[int](tab, `document.querySelectorAll("tbody tr").length`)
	}

	tab.Goto(w.URL + "/")
	holds(t, tab, "main", "What needs attention", "phones stopped asking", "By model", "Harbour Street")
	tab.Submit(`.alert a[href="/devices?status=offline"]`)
	if n := rows(); n != 2 {
		t.Errorf("the dashboard says 2 phones, the list has %d", n)
	}

	// DM-24: the conditions are there again after another page, and go with Clear.
	tab.Goto(w.URL + "/sites")
	holds(t, tab, "main", "Harbour Street", "203.0.113.0/28")
	tab.Submit(`#side a[href="/devices"]`)
	if n := rows(); n != 2 || !strings.Contains(tab.URL(), "status=offline") {
		t.Errorf("%d rows at %s", n, tab.URL())
	}
	tab.Submit(`form.filters a.btn-quiet`)
	if n := rows(); n != 3 {
		t.Errorf("%d rows without conditions", n)
	}

	// Columns, kept views, export of what is shown.
	tab.Click(".toolbar details:nth-of-type(1) summary")
	tab.Click(`.toolbar input[name=column][value=site]`)
	tab.Submit(`.toolbar form[action="/devices/columns"] .form-actions button`)
	holds(t, tab, "thead", "Site")
	tab.Goto(w.URL + "/devices?site=" + site.ID)
	csv := browsertest.Eval[string](tab, `fetch(document.querySelector('a[href^="/devices/export.csv"]').href).then(r => r.text())`)
	if strings.Count(csv, "\n") != 2 || !strings.Contains(csv, "Reception-01") || !strings.Contains(csv, "Harbour Street") {
		t.Errorf("the export holds %q", csv)
	}
	tab.Click(".toolbar details:nth-of-type(2) summary")
	tab.Fill(`.toolbar #f-name`, "Harbour")
	tab.Submit(`.toolbar form[action="/devices/views"] .form-actions button`)
	holds(t, tab, "body", "The view Harbour is kept.")

	// Many at once: some into a group by a plan, then two deleted after a question that names them.
	tab.Goto(w.URL + "/devices?status=offline")
	tab.Click(`[data-pick-all]`)
	tab.Submit(`button[formaction="/devices/bulk/group"]`)
	holds(t, tab, "main", "Add 2 phones to a group", "Surgery-02")
	tab.Submit("[data-question] .form-actions button")
	holds(t, tab, "main", "Saved") // nothing is deployed to the group, so no phone changes
	tab.Goto(w.URL + "/devices?status=offline")
	tab.Click(`[data-pick-all]`)
	tab.Submit(`button[formaction="/devices/bulk/sync"]`)
	holds(t, tab, "main", "Not done", "no line at a registrar")
	tab.Goto(w.URL + "/devices?status=offline")
	tab.Click(`[data-pick]`)
	tab.Submit(`button[formaction="/devices/bulk/delete"]`)
	holds(t, tab, "main", "Delete 1 phone?")
	tab.Submit("[data-question] .form-actions button")
	holds(t, tab, "body", "1 phone is deleted.")

	// A phone is replaced; the new one has the name of the old one.
	tab.Goto(w.URL + "/devices/" + x.device.ID + "/replace")
	tab.Fill("#f-mac", "0004f20000ee")
	tab.Submit("main .form-actions button")
	holds(t, tab, "main", "Reception-01", "0004f20000ee", "It has not asked yet")
	quiet(t, tab)
}

// Profiles are put into order by dragging and by keyboard; both only propose, and the way back takes a step back.
func TestInABrowserProfilesAreDraggedAndMovedByKeyboard(t *testing.T) {
	w := portaltest.Start(t)
	x := doTrade(t, w)
	priya, here := w.Actor(w.Customer), profile.AtCustomer(w.Customer.Tenant.ID)
	second, _, err := w.Profiles.Create(t.Context(), priya, here, profile.New{Name: "Second", Mode: profile.ModePoly, Attributes: []profile.Attribute{{Name: "house.ring", Value: "second"}}})
	must[profile.Profile](t)(second, err)
	must[profile.Container](t)(w.Profiles.SetContainer(t.Context(), priya, here, profile.Global, profile.Only, []string{x.profile.ID, second.ID}, 0))
	tab := seat(t, w, w.Customer, browsertest.Look{})
	order := func() string {
		t.Helper()
		return browsertest.Eval[string](tab, `[...document.querySelectorAll("tbody tr")].map(r => r.dataset.name).join(" ")`)
	}
	tab.Goto(w.URL + "/deployment/global/-")
	if got := order(); got != "Ring-tones Second" {
		t.Fatal(got)
	}
	browsertest.Eval[bool](tab, `(() => { const rows = document.querySelectorAll("tbody tr"), grip = rows[0].querySelector(".grip"), to = rows[1].getBoundingClientRect();
		const fire = (type, y) => grip.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, pointerId: 0, clientX: to.left + 20, clientY: y }));
		grip.setPointerCapture = () => {}; fire("pointerdown", 0); fire("pointermove", to.top + 5);
		const marked = rows[1].classList.contains("drop-below"); setTimeout(() => fire("pointerup", to.top + 5), 0); return marked; })()`)
	tab.Wait(`tbody tr:first-child[data-name="Second"]`)
	holds(t, tab, "main", "Ring-tones")
	browsertest.Eval[bool](tab, `(() => { const grip = document.querySelector("tbody tr:first-child .grip"); grip.focus(); setTimeout(() => grip.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true })), 0); return true; })()`)
	tab.Wait(`tbody tr:first-child[data-name="Ring-tones"]`)
	if id := browsertest.Eval[string](tab, `document.activeElement.id`); id != "grip-"+second.ID {
		t.Errorf("after moving by keyboard the focus is at %q", id)
	}
	browsertest.Eval[bool](tab, `(() => { setTimeout(() => history.back(), 0); return true; })()`)
	tab.Wait(`tbody tr:first-child[data-name="Second"]`)
	for _, finding := range tab.Axe() {
		t.Error(finding)
	}
	tab.Submit("main form[method=post] .form-actions button")
	holds(t, tab, "main", "Not applied", `house.ring="second"`)
	quiet(t, tab)
}

// Two administrators edit one profile: the second one sees both values and that of before, and decides.
func TestInABrowserTwoAdministratorsEditOneProfile(t *testing.T) {
	w := portaltest.Start(t)
	x := doTrade(t, w)
	here := profile.AtCustomer(w.Customer.Tenant.ID)
	tab := seat(t, w, w.Customer, browsertest.Look{})
	tab.Goto(w.URL + "/profiles/" + x.profile.ID + "/edit")
	tab.Fill("#f-a-0-value", "mine")
	theirs := "theirs"
	if _, _, err := w.Profiles.Edit(t.Context(), w.Actor(w.Customer), here, x.profile.ID, profile.Patch{Set: []profile.Attribute{{Name: "house.ring", Value: theirs}}}); err != nil {
		t.Fatal(err)
	}
	tab.Submit("main form[method=post] .form-actions button")
	holds(t, tab, "main", "Two changes at once", "1 value was changed by both of you.", "mine", "theirs", "quiet")
	for _, finding := range tab.Axe() {
		t.Error(finding)
	}
	tab.Submit("main form[method=post] .form-actions button")
	holds(t, tab, "main", "Not applied", `house.ring="mine"`)
	quiet(t, tab)
}

// A session that ends while a form is open comes back to the page, and what was typed is not lost.
func TestInABrowserASessionThatEndsTakesNothingAlong(t *testing.T) {
	w := portaltest.Start(t)
	x := doTrade(t, w)
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(w.URL + "/customer")
	signIn(tab, w.Customer.Email, portaltest.Password)
	tab.Goto(w.URL + "/devices/" + x.device.ID + "/edit")
	tab.Fill("#f-description", "Typed before the session ended")
	w.Clock.Advance(31 * time.Minute) // nobody did anything for too long
	tab.Submit("main .form-actions button")
	signIn(tab, w.Customer.Email, portaltest.Password)
	if got := browsertest.Eval[string](tab, `document.querySelector("#f-description").value`); got != "Typed before the session ended" {
		t.Errorf("at %s the field holds %q", tab.URL(), got)
	}
}
