package portal_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"linecard/internal/portal/browsertest"
	"linecard/internal/portal/portaltest"
)

// Plan before save: people see what becomes different, apply it, and take it back.
func TestInABrowserAChangeIsSeenAppliedAndUndone(t *testing.T) {
	w := portaltest.Start(t)
	x := doTrade(t, w)
	tab := seat(t, w, w.Customer, browsertest.Look{})
	value := func() string {
		e, err := w.Plans.Effective(t.Context(), w.Actor(w.Customer), w.Customer.Tenant.ID, x.device.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range e.Values {
			if v.Name == "house.ring" {
				return v.Value
			}
		}
		return ""
	}
	tab.Goto(w.URL + "/profiles/" + x.profile.ID + "/edit")
	tab.Fill("#f-a-0-value", "silent")
	tab.Submit("main form[method=post] .form-actions button")
	holds(t, tab, "main", "Not applied", `house.ring="silent"`, "Phones that change")
	if got := value(); got != "quiet" {
		t.Fatalf("a plan has changed something: %q", got)
	}
	tab.Submit(`main form:has([value=now]) .form-actions button`)
	holds(t, tab, "body", "Applied. You can undo it here.")
	if got := value(); got != "silent" {
		t.Errorf("after applying: %q", got)
	}
	tab.Click(`.page-actions a[href$="/undo"]`)
	tab.Wait("dialog[open]")
	tab.Submit("dialog .form-actions button")
	holds(t, tab, "body", "Undone.")
	if got := value(); got != "quiet" {
		t.Errorf("after undoing: %q", got)
	}
	quiet(t, tab)
}

const faulty = "mac_address,endpoint_name\n0004f2000077,Kitchen\nnot a mac,Cellar\n"

// DM-248: a file with faults says what it would do and does the rest.
func TestInABrowserAFileWithFaultsIsLookedAtAndImported(t *testing.T) {
	w := portaltest.Start(t)
	doTrade(t, w)
	tab := seat(t, w, w.Customer, browsertest.Look{})
	tab.Goto(w.URL + "/devices/import")
	browsertest.Eval[bool](tab, `(() => { const d = new DataTransfer(); d.items.add(new File([`+"`"+faulty+"`"+`], "devices.csv")); document.querySelector("#f-file").files = d.files; return true; })()`)
	tab.Submit("main form .form-actions button")
	holds(t, tab, "main", "Import now?", "Failed", "0004f2000077")
	for _, finding := range tab.Axe() {
		t.Error(finding)
	}
	tab.Submit("main form .form-actions button")
	holds(t, tab, "main", "The import is done", "Failed")
	tab.Goto(w.URL + "/devices?q=kitchen")
	holds(t, tab, "main", "Kitchen")
	quiet(t, tab)
}

// A form with a file that was opened for another organisation is refused like any other form (CH-32).
func TestAnUploadThatWasOpenedForAnotherOrganisationChangesNothing(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Customer)
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	_ = m.WriteField("csrf", w.Partner.Tenant.ID)
	f, _ := m.CreateFormFile("file", "devices.csv")
	_, _ = f.Write([]byte(faulty))
	_ = m.Close()
	b.Header.Set("Content-Type", m.FormDataContentType())
	if a := b.Send(http.MethodPost, "/devices/import", &body); a.Status != http.StatusConflict || !strings.Contains(a.Body, "another organisation") {
		t.Errorf("%d %s", a.Status, a.Says())
	}
}
