package page

import "net/http"

// Plain makes a page of a handler that answers by itself.
func Plain(h http.Handler) Handler {
	return func(r *Request) error {
		h.ServeHTTP(r.W, r.Request)
		return nil
	}
}
