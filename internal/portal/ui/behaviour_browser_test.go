package ui_test

import (
	"path/filepath"
	"strings"
	"testing"

	"linecard/internal/portal/browsertest"
)

const phone, phoneHeight = 390, 844

func TestAPageIsLight(t *testing.T) {
	base := gallery(t)
	for _, page := range []string{"", "/list", "/form", "/signin"} {
		tab := browsertest.Open(t, browsertest.Look{}) // a new tab has an empty cache
		tab.Goto(base + page)
		if requests, bytes := tab.Weight(); requests > 30 || bytes > 300<<10 || requests < 3 {
			t.Errorf("%s: %d requests, %d bytes", page, requests, bytes)
		}
	}
}

func TestNavigationOpensOnAPhoneWithoutScripts(t *testing.T) {
	base, dir := gallery(t), pictures(t)
	tab := browsertest.Open(t, browsertest.Look{Width: phone, Height: phoneHeight, NoJS: true})
	tab.Goto(base + "/list")
	if browsertest.Eval[bool](tab, `document.querySelector("#side").checkVisibility()`) {
		t.Fatal("the navigation is open from the start")
	}
	tab.Click("label.nav-button")
	tab.Wait("#side a")
	tab.ScreenshotView(filepath.Join(dir, "behaviour-nav-390.png"))
	if wide := tab.Overflow(); wide != "" {
		t.Errorf("wider than the screen: %s", wide)
	}
	tab.Submit("#side li:nth-child(1) a")
	if !strings.HasSuffix(tab.URL(), "/design") {
		t.Errorf("led to %s", tab.URL())
	}
}

func TestNavigationOpensOnAPhoneWithTheKeyboard(t *testing.T) {
	tab := browsertest.Open(t, browsertest.Look{Width: phone, Height: phoneHeight})
	tab.Goto(gallery(t) + "/list")
	tab.Press("\t")
	tab.Press("\t") // behind the link to the content
	tab.Press(" ")
	tab.Wait("#side a")
}

func TestLanguageAndThemeChangeWithoutScripts(t *testing.T) {
	base := gallery(t)
	tab := browsertest.Open(t, browsertest.Look{NoJS: true})
	tab.Goto(base + "/list?q=a")
	tab.Click("details.menu:nth-child(1) > summary")
	tab.Submit(`button[name=lang][value="zh-CN"]`)
	if got := tab.Text("h1"); got != "客户" {
		t.Errorf("title is %q", got)
	}
	if !strings.HasSuffix(tab.URL(), "/list?q=a") {
		t.Errorf("came back to %s", tab.URL())
	}
	tab.Click("details.menu:nth-child(2) > summary")
	tab.Submit(`button[name=theme][value="dark"]`)
	if got := browsertest.Eval[string](tab, `getComputedStyle(document.body).colorScheme`); got != "dark" {
		t.Errorf("colour scheme is %q", got)
	}
}

func TestThemeChangesAtOnceWithScriptsAndStays(t *testing.T) {
	base := gallery(t)
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(base + "/list")
	tab.Click("details.menu:nth-child(2) > summary")
	browsertest.Eval[bool](tab, `(window.stays = true)`)
	tab.Click(`button[name=theme][value="dark"]`)
	if !browsertest.Eval[bool](tab, `window.stays && document.documentElement.dataset.theme === "dark"`) {
		t.Fatal("the page was loaded again, or the theme did not change")
	}
	browsertest.Eval[bool](tab, `fetch("/design").then(r => r.text()).then(() => true)`) // the choice was sent before this one
	tab.Goto(base)
	if got := browsertest.Eval[string](tab, `document.documentElement.dataset.theme`); got != "dark" {
		t.Errorf("the next page has theme %q", got)
	}
	if complaints := tab.ConsoleErrors(); len(complaints) > 0 {
		t.Error(complaints)
	}
}

func TestAQuestionIsADialogWithScriptsAndAPageWithout(t *testing.T) {
	base, dir := gallery(t), pictures(t)
	const freeze = `.table tbody tr:first-child .menu-item-danger`
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(base + "/list")
	tab.Click(".table tbody tr:first-child summary")
	tab.ScreenshotView(filepath.Join(dir, "behaviour-row-menu.png"))
	tab.Click(freeze)
	tab.Wait("dialog[open]")
	tab.ScreenshotView(filepath.Join(dir, "behaviour-dialog.png"))
	for _, finding := range tab.Axe() {
		t.Error(finding)
	}
	if !strings.HasSuffix(tab.URL(), "/list") {
		t.Errorf("left the page for %s", tab.URL())
	}
	tab.Click("dialog [data-dialog-close]")
	tab.Wait("body:not(:has(dialog))") // it goes with the close event, which the browser sends a moment later
	if complaints := tab.ConsoleErrors(); len(complaints) > 0 {
		t.Error(complaints)
	}

	plain := browsertest.Open(t, browsertest.Look{NoJS: true})
	plain.Goto(base + "/list")
	plain.Click(".table tbody tr:first-child summary")
	plain.Submit(freeze)
	if !strings.HasSuffix(plain.URL(), "/question") {
		t.Errorf("led to %s", plain.URL())
	}
}

func TestChosenRowsBringTheirBar(t *testing.T) {
	base, dir := gallery(t), pictures(t)
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(base + "/list")
	if browsertest.Eval[bool](tab, `document.querySelector(".bulk").checkVisibility()`) {
		t.Error("the bar is there before a row is chosen")
	}
	tab.Click("tbody tr:nth-child(2) [data-pick]")
	tab.Click("tbody tr:nth-child(3) [data-pick]")
	if got := tab.Text("[data-chosen-text]"); got != "2 selected" {
		t.Errorf("the bar says %q", got)
	}
	tab.ScreenshotView(filepath.Join(dir, "behaviour-chosen.png"))
	for _, finding := range tab.Axe() {
		t.Error(finding)
	}
}

func TestKeyboardReachesTheSearchAndClosesMenus(t *testing.T) {
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(gallery(t) + "/list")
	tab.Press("/")
	if got := browsertest.Eval[string](tab, `document.activeElement.name`); got != "q" {
		t.Errorf("the focus is on %q", got)
	}
	tab.Click("details.menu:nth-child(3) > summary")
	tab.ScreenshotView(filepath.Join(pictures(t), "behaviour-account-menu.png"))
	tab.Press("\x1b")
	if browsertest.Eval[bool](tab, `!!document.querySelector("details.menu[open]")`) {
		t.Error("Escape does not close the menu")
	}
}

func TestAPasswordCanBeShown(t *testing.T) {
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(gallery(t) + "/signin")
	tab.Fill("#f-password", "correct horse")
	tab.Click("[data-reveal]")
	if got := browsertest.Eval[string](tab, `document.querySelector("#f-password").type`); got != "text" {
		t.Errorf("the field's type is %s", got)
	}
	if got := browsertest.Eval[string](tab, `document.querySelector("#f-password").value`); got != "correct horse" {
		t.Errorf("the field holds %q", got)
	}
}

func TestAnOperationIsPolledUntilItEnds(t *testing.T) {
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(gallery(t))
	got := browsertest.Eval[bool](tab, `new Promise(done => {
		const first = document.querySelector("#import");
		new MutationObserver(() => { if (document.querySelector("#import") !== first) done(true); })
			.observe(document.querySelector("main"), {childList: true, subtree: true});
		setTimeout(() => done(false), 8000);
	})`)
	if !got {
		t.Error("the part was not replaced")
	}
	if complaints := tab.ConsoleErrors(); len(complaints) > 0 {
		t.Error(complaints)
	}
}

func TestTheChecksThemselvesCanFail(t *testing.T) {
	tab := browsertest.Open(t, browsertest.Look{Width: phone})
	tab.Goto(gallery(t))
	browsertest.Eval[bool](tab, `(() => {
		document.body.insertAdjacentHTML("beforeend", '<img src="/static/none.png"><svg width="900" height="4"></svg><b style="color:red">x</b>');
		console.error("said so");
		return true;
	})()`)
	if tab.Overflow() == "" {
		t.Error("overflow is not seen")
	}
	if findings := strings.Join(tab.Axe(), "\n"); !strings.Contains(findings, "image-alt") {
		t.Errorf("axe is silent: %s", findings)
	}
	complaints := strings.Join(tab.ConsoleErrors(), "\n")
	for _, want := range []string{"said so", "Content Security Policy"} {
		if !strings.Contains(complaints, want) {
			t.Errorf("lacks %q in: %s", want, complaints)
		}
	}
}
