// Package browsertest drives a real Chromium in tests of pages: one browser for each test binary, a fresh profile and tab
// for each test. It knows nothing of Linecard's pages; it is imported by tests only.
//
// Without Chromium a test is skipped with a sentence that says so; under CI=true that is a failure.
package browsertest

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axeScript string

// patience bounds every single step, so that a page that hangs fails with the step's name.
const patience = 30 * time.Second

var browser struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

// Main runs the tests of a binary and ends the browser after them: func TestMain(m *testing.M) { browsertest.Main(m) }.
func Main(m *testing.M) {
	code := m.Run()
	if browser.stop != nil {
		browser.stop()
	}
	os.Exit(code)
}

func executable() (string, error) {
	for _, name := range []string{os.Getenv("CHROMIUM"), "/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("chromium is not installed and CHROMIUM does not name it")
}

func start() {
	path, err := executable()
	if err != nil {
		browser.err = err
		return
	}
	profile, err := os.MkdirTemp("", "linecard-chromium-")
	if err != nil {
		browser.err = err
		return
	}
	options := slices.Clone(chromedp.DefaultExecAllocatorOptions[:])
	options = append(options, chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	browser.ctx, browser.err = ctx, chromedp.Do(ctx) // starts it
	browser.stop = func() {
		_ = chromedp.Cancel(ctx) // waits for the process; its complaint comes too late to matter
		endAllocator()
		_ = os.RemoveAll(profile)
	}
}

// Tab is one browser tab with its own cookies. Its methods fail the test when a step does not succeed in time.
type Tab struct {
	t        *testing.T
	ctx      context.Context
	noScript bool

	mu       sync.Mutex
	messages []string // errors, exceptions and policy violations of the console
	requests int
	bytes    float64
}

// Look says what the person at the browser prefers. The zero value is English, light, 1280 wide.
type Look struct {
	Width  int64
	Height int64
	Locale string // Accept-Language; "" is en
	Dark   bool
	NoJS   bool
}

// Open gives a new tab. The test is skipped when there is no browser, and fails for that under CI=true.
func Open(t *testing.T, look Look) *Tab {
	t.Helper()
	if browser.once.Do(start); browser.err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("pages cannot be tested: %v", browser.err)
		}
		t.Skipf("pages are not tested: %v", browser.err)
	}
	t.Attr("browser", "chromium") // the summary of make test counts these tests
	ctx, cancel := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	tab := &Tab{t: t, ctx: ctx}
	tab.do("open a tab", chromedp.Func(func(context.Context, *chromedp.Target) error { return nil }))
	tab.listen()
	tab.look(look)
	return tab
}

func (b *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	// The first step opens the tab and ties it to its context, so that one must not carry the time limit.
	ctx, cancel := b.ctx, context.CancelFunc(func() {})
	if what != "open a tab" {
		ctx, cancel = context.WithTimeout(b.ctx, patience)
	}
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("browser: %s: %v", what, err)
	}
}

func (b *Tab) look(l Look) {
	b.t.Helper()
	if l.Width == 0 {
		l.Width = 1280
	}
	if l.Height == 0 {
		l.Height = 900
	}
	if l.Locale == "" {
		l.Locale = "en"
	}
	scheme := "light"
	if l.Dark {
		scheme = "dark"
	}
	b.do("set the look", chromedp.EmulateViewport(l.Width, l.Height),
		call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}),
		call(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": l.Locale}}),
		call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: l.NoJS}))
	b.noScript = l.NoJS
}

// IgnoreCertificates lets the tab open servers with a certificate nobody vouches for.
func (b *Tab) IgnoreCertificates() {
	b.t.Helper()
	b.do("ignore certificates", call(security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}))
}

// Goto opens an address and waits until it has loaded, fonts included.
func (b *Tab) Goto(url string) {
	b.t.Helper()
	b.do("go to "+url, chromedp.Navigate(url))
	if !b.noScript {
		Eval[bool](b, `document.fonts.ready.then(() => true)`)
	}
}

// Click presses what the CSS selector finds; it must be visible.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Submit clicks and waits for the page that follows.
func (b *Tab) Submit(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)); err != nil {
		b.t.Fatalf("browser: submit with %s: %v", selector, err)
	}
}

// Fill replaces the value of a field as a person would type it.
func (b *Tab) Fill(selector, value string) {
	b.t.Helper()
	b.Wait(selector)
	Eval[bool](b, fmt.Sprintf(`(e => { e.focus(); e.value = ""; return true; })(document.querySelector(%s))`, strconv.Quote(selector)))
	if value != "" {
		b.do("fill "+selector, chromedp.SendKeys(chromedp.CSS(selector), value))
	}
}

// Press sends keys to whatever has the focus; use the kb package for named ones.
func (b *Tab) Press(keys string) {
	b.t.Helper()
	b.do("press keys", chromedp.KeyEvent(keys))
}

// Wait waits until the selector finds something visible.
func (b *Tab) Wait(selector string) {
	b.t.Helper()
	b.do("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Text gives the visible text of what the selector finds.
func (b *Tab) Text(selector string) string {
	b.t.Helper()
	return run(b, "read "+selector, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible))
}

// URL gives the present address.
func (b *Tab) URL() string {
	b.t.Helper()
	return run(b, "read the address", chromedp.Location())
}

// Screenshot writes the whole page as PNG to file.
func (b *Tab) Screenshot(file string) {
	b.t.Helper()
	picture := run(b, "take a picture", chromedp.FullScreenshot(100))
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// ScreenshotView writes the visible part of the page as PNG to file.
func (b *Tab) ScreenshotView(file string) {
	b.t.Helper()
	picture := run(b, "take a picture", chromedp.CaptureScreenshot())
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// Overflow names the elements that reach beyond the right edge, and "" when the page fits its width.
func (b *Tab) Overflow() string {
	b.t.Helper()
	return strings.Join(Eval[[]string](b, `(() => {
		const wide = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= wide) return [];
		return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > wide + 1)
			.slice(0, 5).map(e => e.tagName.toLowerCase() + "." + e.className);
	})()`), " ")
}

// Eval gives the value of a JavaScript expression; promises are awaited.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	return run(b, "evaluate", chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func run[T any](b *Tab, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatalf("browser: %s: %v", what, err)
	}
	return v
}

func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}
