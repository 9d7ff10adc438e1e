package browsertest

import (
	"github.com/chromedp/cdproto/network"
)

// SetCookie gives the tab a cookie for an address, or takes it away when the value is "".
func (b *Tab) SetCookie(url, name, value string) {
	b.t.Helper()
	if value == "" {
		b.do("forget "+name, call(network.DeleteCookies, network.DeleteCookiesParams{Name: name, URL: url}))
		return
	}
	b.do("set "+name, call(network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: url, Path: "/"}))
}
