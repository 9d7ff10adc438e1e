package browsertest

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// listen collects what the page complains about and what it weighs.
func (b *Tab) listen() {
	b.t.Helper()
	err := chromedp.Listen(b.ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
				b.messages = append(b.messages, fmt.Sprintf("console.%s: %s", e.Type, words(e.Args)))
			}
		case *runtime.EventExceptionThrown:
			b.messages = append(b.messages, "exception: "+e.ExceptionDetails.Text+" "+exception(e.ExceptionDetails))
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
				b.messages = append(b.messages, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
			}
		case *network.EventRequestWillBeSent:
			b.requests++
		case *network.EventLoadingFinished:
			b.bytes += e.EncodedDataLength
		}
	})
	if err != nil {
		b.t.Fatalf("browser: listen: %v", err)
	}
	b.do("watch the network", call(network.Enable, network.EnableParams{}))
}

func words(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		all = append(all, string(a.Value)+a.Description)
	}
	return strings.Join(all, " ")
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception == nil {
		return ""
	}
	return d.Exception.Description
}

// ConsoleErrors gives every error, warning, uncaught exception and content policy violation since the tab was opened
// or since the last call, and forgets them.
func (b *Tab) ConsoleErrors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.messages
	b.messages = nil
	return all
}

// Weight gives how many requests were sent and how many bytes came over the wire since the tab was opened or since the
// last call. The cache of a new tab is empty.
func (b *Tab) Weight() (requests int, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	requests, bytes = b.requests, int(b.bytes)
	b.requests, b.bytes = 0, 0
	return requests, bytes
}

// Axe runs axe-core over the page and gives its serious and critical findings: rule, help text and the first places.
func (b *Tab) Axe() []string {
	b.t.Helper()
	Eval[bool](b, axeScript+"\n;true")
	return Eval[[]string](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + " – " + v.nodes.slice(0, 6).map(n => n.target.join(" ") + " (" + (n.any[0] || n.all[0] || n.none[0] || {}).message + ")").join("; ")))`)
}
