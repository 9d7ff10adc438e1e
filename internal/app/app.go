package app

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"linecard/internal/api"
	"linecard/internal/api/wholesale"
	"linecard/internal/boot"
	"linecard/internal/config"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/portal"
	"linecard/internal/queue"
	"linecard/internal/registrar"
)

// App is a running product: the core, the edges and their listeners.
type App struct {
	*Core
	s       Settings
	health  *httpx.Health
	metrics *httpx.Metrics
	certs   certificates
	config  *config.Service
	plans   *config.Plans
	boot    *boot.Handler
	portal  *httpx.Server
	phones  *httpx.Server
	legacy  *httpx.Server // phones that speak old TLS only; nil without
	acme    *httpx.Server // plain listener for HTTP-01 challenges; nil without
}

// New opens the stores, wires every room and binds the listeners, so that a taken port or a wrong certificate shows before
// anything runs. Settings must have passed Check. The database of a demo is refused unless the options say demo (decision 26).
func New(ctx context.Context, s Settings, o Options) (*App, error) {
	core, err := Open(ctx, s, o)
	if err != nil {
		return nil, err
	}
	a := &App{Core: core, s: s}
	if err := a.build(ctx, o); err != nil {
		_ = a.Close()
		return nil, err
	}
	return a, nil
}

func (a *App) build(ctx context.Context, o Options) error {
	if err := a.checkMark(ctx, o.Demo); err != nil {
		return err
	}
	if err := a.Profiles.Publish(ctx); err != nil {
		return err
	}
	a.metrics = httpx.NewMetrics()
	a.health = &httpx.Health{Log: a.Log}
	a.health.Add("database", a.DB.Ping)
	a.health.Add("files", a.Files.Check)
	var err error
	if a.certs, err = loadCertificates(a.s, a.DB.Now().Time); err != nil {
		return err
	}
	if a.config, err = config.New(config.Needs{DB: a.DB, Devices: a.Devices, Profiles: a.Profiles, Networks: a.Networks, Software: a.Software, Makers: Makers(), Box: a.Box,
		Address: a.provisioningAddress}, config.Options{}); err != nil {
		return err
	}
	a.plans = config.NewPlans(config.PlansNeeds{Config: a.config, Journal: a.Journal, Tenants: a.Tenants, Operations: a.Operations})
	a.plans.Register(a.Queue)
	if a.boot, err = boot.New(boot.Options{Devices: a.Devices, Uploads: a.Devices.Uploads(), Software: a.Software, Redirects: a.Redirect, Config: a.config, Box: a.Box, Makers: Makers(), Clock: a.DB.Clock(), Log: a.Log,
		Domain: a.s.Domain, Metrics: a.metrics.Registry}); err != nil {
		return err
	}
	a.Queue.Loop("phones.seen", 2*time.Second, a.boot.Flush)
	if err := a.boot.Refresh(ctx); err != nil {
		return err
	}
	a.Queue.Loop("phones.roots", 10*time.Second, a.boot.Refresh)
	a.Queue.Singleton("phones.tidy", time.Hour, func(ctx context.Context, _ queue.Lease) error {
		return errors.Join(a.Devices.Tidy(ctx), a.Devices.SweepFiles(ctx))
	})
	if err := a.listen(o); err != nil {
		return err
	}
	a.Queue.Loop("certificates.reload", 30*time.Second, a.reload)
	a.Queue.Singleton("certificates.expiry", time.Hour, func(ctx context.Context, _ queue.Lease) error { return a.announceExpiry(ctx) })
	a.Queue.Loop("keys.reload", 30*time.Second, func(context.Context) error { return a.Box.Reload() })
	queue.Handle(a.Queue, "secrets.reseal", func(ctx context.Context, _ queue.Job[struct{}]) error { return a.reseal(ctx) }, queue.Policy{Timeout: 10 * time.Minute})
	a.Queue.Periodic("secrets.reseal", "@every 1h", "secrets.reseal", struct{}{})
	a.Queue.Loop("tls.tickets", 6*time.Hour, a.shareTickets)
	return registerGauges(a)
}

// listen binds the listeners: portal and API on one, phones on another, challenges of ACME on a third.
func (a *App) listen(o Options) error {
	trust := httpx.Trust{Proxies: networks(a.s.TrustedProxies)}
	edge := func(name string) httpx.Edge {
		e := httpx.Edge{Name: name, Log: a.Log, Metrics: a.metrics, Trust: trust, Clock: a.DB.Clock(), Quiet: quiet}
		switch name {
		case "phones", "phones-legacy":
			e.Quiet = expected
			e.Body = httpx.BodyLimits{MaxBytes: boot.LargestUpload}
		case "portal":
			e.BodyFor = func(r *http.Request) httpx.BodyLimits {
				if l := portal.BodyLimits(r); l != (httpx.BodyLimits{}) {
					return l
				}
				if l := wholesale.BodyLimits(r); l != (httpx.BodyLimits{}) {
					return l
				}
				return api.BodyLimits(r)
			}
		}
		return e
	}
	var portalTLS *httpx.TLS
	if a.certs.portal != nil {
		portalTLS = &httpx.TLS{GetCertificate: a.certs.portal, ACMEALPN: a.certs.acme != nil}
	}
	root, err := a.routes(o)
	if err != nil {
		return err
	}
	if a.portal, err = httpx.Listen(httpx.Config{Addr: a.s.HTTP, Listener: o.HTTPListener, Handler: root, Edge: edge("portal"), TLS: portalTLS,
		ProxyProtocol: networks(a.s.ProxyProtocol), Grace: a.s.Drain}); err != nil {
		return listenFault("http", err)
	}
	if a.phones, err = httpx.Listen(httpx.Config{Addr: a.s.Phones, Listener: o.PhonesListener, Handler: a.boot, Edge: edge("phones"),
		TLS:           &httpx.TLS{GetCertificate: a.certs.phones, MinVersion: tls.VersionTLS12, AskWhen: a.boot.Asks},
		ProxyProtocol: networks(a.s.ProxyProtocol), Grace: a.s.Drain, HandshakeFailed: a.boot.FailedHandshake}); err != nil {
		return listenFault("phones", err)
	}
	if a.s.PhonesLegacy != "" {
		if a.legacy, err = httpx.Listen(httpx.Config{Addr: a.s.PhonesLegacy, Handler: a.boot.Legacy(), Edge: edge("phones-legacy"),
			TLS:           &httpx.TLS{GetCertificate: a.certs.phones, MinVersion: tls.VersionTLS10, CipherSuites: oldSuites, AskWhen: a.boot.Asks},
			ProxyProtocol: networks(a.s.ProxyProtocol), Grace: a.s.Drain, HandshakeFailed: a.boot.FailedHandshake}); err != nil {
			return listenFault("phones-legacy", err)
		}
	}
	if a.certs.acme != nil && a.s.ACMEHTTP != "" {
		if a.acme, err = httpx.Listen(httpx.Config{Addr: a.s.ACMEHTTP, Handler: a.certs.acme.HTTPHandler(nil), Edge: edge("acme"), Grace: a.s.Drain}); err != nil {
			return listenFault("acme-http", err)
		}
	}
	return nil
}

// oldSuites are what phones offer that know nothing newer: RSA key exchange and CBC, on the listener for them alone (decision 18).
var oldSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_RSA_WITH_AES_256_CBC_SHA}

// LegacyURL is where the listener for old phones really is; "" without one.
func (a *App) LegacyURL() string {
	if a.legacy == nil {
		return ""
	}
	return a.legacy.URL()
}

// routes is everything that the portal's listener answers.
func (a *App) routes(o Options) (http.Handler, error) {
	mux := httpx.NewMux()
	mux.Handle("GET /healthz", a.health.Live())
	mux.Handle("GET /readyz", a.health.Readiness())
	mux.Handle("GET /metrics", httpx.Guard{Token: a.s.MetricsToken, Networks: networks(a.s.MetricsAllow)}.Wrap(a.metrics.Handler()))
	rest := api.New(api.Deps{DB: a.DB, Log: a.Log, Tenants: a.Tenants, Accounts: a.Accounts, Journal: a.Journal, Operations: a.Operations, Webhooks: a.Webhooks,
		Mail: a.Mail, Onboard: a.Onboard, Networks: a.Networks, Profiles: a.Profiles, Devices: a.Devices, Redirect: a.Redirect, Software: a.Software, Config: a.config, Plans: a.plans,
		Catalog: a.Catalog, Subscriber: a.Subscriber, Registrars: a.Registrars, Billing: a.Billing, Branding: a.Branding, Version: Version(), PublicURL: a.s.PublicURL, PerSecond: a.s.Requests})
	for _, path := range []string{"/api/", "/scim/", "/oauth2/token", "/v1/access_token"} {
		mux.Handle(path, rest.Handler())
	}
	offer := wholesale.New(wholesale.Deps{DB: a.DB, Log: a.Log, Tenants: a.Tenants, Accounts: a.Accounts, Journal: a.Journal, Operations: a.Operations, Catalog: a.Catalog,
		Onboard: a.Onboard, Subscribers: a.Subscriber, Billing: a.Billing, PublicURL: a.s.PublicURL, PerSecond: a.s.Requests, PrecheckList: a.s.PrecheckList,
		AskConsent: a.s.AskConsent})
	mux.Handle(wholesale.Prefix+"/", offer.Handler())
	mux.Handle(registrar.DirectoryPath, a.Registrars.Directory())
	pages, err := portal.New(portal.Deps{DB: a.DB, Log: a.Log, Tenants: a.Tenants, Accounts: a.Accounts, Journal: a.Journal, Operations: a.Operations,
		Webhooks: a.Webhooks, Mail: a.Mail, Onboard: a.Onboard, Devices: a.Devices, Config: a.config, Networks: a.Networks, Profiles: a.Profiles, Plans: a.plans,
		Catalog: a.Catalog, Subscriber: a.Subscriber, Billing: a.Billing, Software: a.Software, Registrars: a.Registrars, Certificates: a.certs.list, Branding: a.Branding, PublicURL: a.s.PublicURL, Version: Version(),
		SignInsPerMinute: a.s.SignIns, Mailbox: o.Demo})
	if err != nil {
		return nil, err
	}
	mux.Handle("/", pages)
	return mux, nil
}

// Run serves and works until ctx ends, then stops in order: not ready, no new requests, running ones to their end, jobs handed
// back. It returns nil after an orderly stop.
func (a *App) Run(ctx context.Context) error {
	defer a.Close()
	if err := a.shareTickets(ctx); err != nil {
		return err
	}
	// The queue outlives the listeners, because what they acknowledge may still want to wake it.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	worked := make(chan error, 1)
	go func() { worked <- a.Queue.Run(work) }()
	g, serving := errgroup.WithContext(ctx)
	for _, srv := range []*httpx.Server{a.portal, a.phones, a.legacy, a.acme} {
		if srv != nil {
			g.Go(func() error { return srv.Serve(serving) })
		}
	}
	a.Log.Info("linecard is ready", "version", Version(), "portal", a.portal.URL(), "phones", a.phones.URL(), "database", engineName(a.DB.Embedded()))
	context.AfterFunc(ctx, a.health.Drain)
	err := g.Wait()
	stopWork()
	last, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if flushed := a.boot.Flush(last); flushed != nil {
		a.Log.Warn("the last requests of phones were not stored", "error", errs.CodeOf(flushed))
	}
	if flushed := a.Redirect.Flush(last); flushed != nil {
		a.Log.Warn("the last contacts at the redirect service were not stored", "error", errs.CodeOf(flushed))
	}
	return errors.Join(err, <-worked)
}

// PortalURL and PhonesURL are where the listeners really are.
func (a *App) PortalURL() string { return a.portal.URL() }

// PhonesURL is where the phones' listener really is.
func (a *App) PhonesURL() string { return a.phones.URL() }

// provisioningAddress is where phones of a customer's host fetch. It is made of settings alone, so that every node writes the same one
// into files.
func (a *App) provisioningAddress(host string) string {
	base := strings.TrimRight(a.s.PhonesURL, "/")
	if base == "" {
		u, err := url.Parse(a.s.PublicURL)
		_, port, perr := net.SplitHostPort(a.s.Phones)
		if err != nil || perr != nil {
			return ""
		}
		base = "https://" + net.JoinHostPort(u.Hostname(), port)
	}
	return base + "/p/" + host
}

// PhonesCA names the file with the self-made authority of the phones' certificate; "" when there is a real one.
func (a *App) PhonesCA() string { return a.certs.caFile }

// shareTickets gives all nodes the same keys for TLS tickets, so that a phone resumes its session on any of them.
func (a *App) shareTickets(context.Context) error {
	keys, err := httpx.TicketKeys(a.Box.MAC("tls.tickets"), a.DB.Now().Time)
	if err != nil {
		return err
	}
	a.portal.SetTicketKeys(keys)
	a.phones.SetTicketKeys(keys)
	if a.legacy != nil {
		a.legacy.SetTicketKeys(keys)
	}
	return nil
}

// reseal seals stored secrets with the newest key after a rotation, so that older keys can be retired one day.
func (a *App) reseal(ctx context.Context) error {
	n := 0
	for _, room := range []interface {
		Reseal(context.Context) (int, error)
	}{a.Devices, a.Profiles, a.Redirect, a.Subscriber, a.Registrars, a.Accounts, a.Webhooks} {
		done, err := room.Reseal(ctx)
		if n += done; err != nil {
			return err
		}
	}
	files, err := a.Devices.ResealFiles(ctx)
	if n += files; err != nil {
		return err
	}
	if n > 0 {
		a.Log.InfoContext(ctx, "secrets sealed with the newest key", "count", n)
	}
	return nil
}

// Close frees the stores and listeners of an App that was not run, or whose Run has ended.
func (a *App) Close() error {
	var all []error
	for _, srv := range []*httpx.Server{a.portal, a.phones, a.legacy, a.acme} {
		if srv != nil {
			all = append(all, srv.Close())
		}
	}
	_ = errors.Join(all...) // closing a closed listener is no fault
	return a.Core.Close()
}

// expected keeps what phones do all day out of the access log: files, challenges, files that are not there. Metrics count
// them, and boot writes about what is not expected.
func expected(_ *http.Request, status int) bool {
	return status < 400 || status == http.StatusUnauthorized || status == http.StatusNotFound || status == http.StatusMethodNotAllowed
}

// quiet keeps probes and static files out of the access log; metrics count them.
func quiet(r *http.Request, status int) bool {
	return status < 400 && (r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || r.URL.Path == "/metrics" || strings.HasPrefix(r.URL.Path, "/static/"))
}

func engineName(embedded bool) string {
	if embedded {
		return "sqlite"
	}
	return "postgresql"
}

// Logger gives the process's logger in the chosen form.
func Logger(w io.Writer, form, level string) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // an unknown level was refused by the flags
	o := &slog.HandlerOptions{Level: l}
	if form == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

func listenFault(flag string, err error) error {
	return errs.New(errs.Unavailable, "address_in_use", "The address of --"+flag+" cannot be used.").Because(err)
}
