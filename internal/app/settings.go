// Package app owns the settings and the wiring: it knows all rooms, builds them in order, runs them and ends them. Tests start
// it in-process.
//
// It must not hold rules of any room. Only cmd/linecard imports it.
package app

import (
	"net"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"linecard/internal/errs"
	"linecard/internal/httpx"
)

// Stores are where an installation keeps what it knows.
type Stores struct {
	DB      string `name:"db" default:"sqlite:///var/lib/linecard/linecard.db" placeholder:"URL" help:"Database: sqlite:///path or postgres://…"`
	Blob    string `name:"blob" default:"file:///var/lib/linecard/files" placeholder:"URL" help:"Files: file:///folder or s3://bucket?endpoint=…&region=…"`
	KeyFile string `name:"key-file" default:"/var/lib/linecard/keys.json" help:"Keys that seal stored secrets; made when absent. Keep a copy apart from the database."`
}

// Settings are everything a server can be told. Each is a flag, LINECARD_<FLAG> in the environment and a key of the YAML file.
type Settings struct {
	Stores

	HTTP         string `name:"http" default:":8080" placeholder:"ADDR" help:"Address of portal and API."`
	Phones       string `name:"phones" default:":8443" placeholder:"ADDR" help:"Address where phones ask; always TLS."`
	PhonesLegacy string `name:"phones-legacy" placeholder:"ADDR" help:"Address for phones that speak TLS 1.0 or 1.1 only; they get no passwords unless their customer allows it. Off by default."`
	PublicURL    string `name:"public-url" default:"http://localhost:8080" placeholder:"URL" help:"How people reach the portal; used in mails."`
	PhonesURL    string `name:"phones-url" placeholder:"URL" help:"How phones reach us, when it is not https://<host of the public address>:<port>."`
	Domain       string `name:"phones-domain" placeholder:"NAME" help:"Domain below which each customer has a host name, for phones that are told https://<customer>.<domain>/."`

	SMTP     string `name:"smtp" placeholder:"URL" help:"Mail server: smtp://user:password@host:587 or smtps://…; without it mails stay in the outbox."`
	MailFrom string `name:"mail-from" default:"Linecard <linecard@localhost>" help:"Sender of mails."`

	TLSCert    []string `name:"tls-cert" placeholder:"FILE" help:"Certificate chain of the portal (PEM); with --tls-key. Several: one for each kind of key."`
	TLSKey     []string `name:"tls-key" placeholder:"FILE" help:"Key of the portal's certificate (PEM)."`
	PhonesCert []string `name:"phones-cert" placeholder:"FILE" help:"Certificate chain for phones; ECDSA and RSA beside each other serve all phones. Default: the portal's, else a self-made one."`
	PhonesKey  []string `name:"phones-key" placeholder:"FILE" help:"Key of the phones' certificate."`

	ACMEHosts     []string `name:"acme-host" placeholder:"NAME" help:"Get certificates for these names by ACME."`
	ACMEEmail     string   `name:"acme-email" help:"Contact for the certificate authority."`
	ACMEDirectory string   `name:"acme-directory" placeholder:"URL" help:"Directory of the certificate authority, when it is not the usual one."`
	ACMECache     string   `name:"acme-cache" default:"/var/lib/linecard/acme" help:"Folder that keeps certificates got by ACME."`
	ACMEHTTP      string   `name:"acme-http" placeholder:"ADDR" help:"Address that answers HTTP-01 challenges and redirects the rest to the portal, for example :80."`

	TrustedProxies []string `name:"trusted-proxies" placeholder:"NET" help:"Networks of proxies whose X-Forwarded-For is believed."`
	ProxyProtocol  []string `name:"proxy-protocol" placeholder:"NET" help:"Networks of load balancers that speak PROXY protocol v2 to us."`
	WebhookAllow   []string `name:"webhook-allow" placeholder:"NET" help:"Private networks that webhooks may reach nevertheless."`
	WebhookPlain   bool     `name:"webhook-http" help:"Webhooks may use http:// beside https://."`

	MetricsToken string   `name:"metrics-token" placeholder:"TEXT" help:"Bearer token for /metrics. Without it only loopback and --metrics-allow may read."`
	MetricsAllow []string `name:"metrics-allow" placeholder:"NET" help:"Networks that may read /metrics."`

	Node      string        `name:"node" help:"Name of this node in logs; default: the host name."`
	LogLevel  string        `name:"log-level" default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: debug, info, warn or error."`
	LogFormat string        `name:"log-format" default:"json" enum:"json,text" help:"Form of log lines: json or text."`
	Drain     time.Duration `name:"drain" default:"20s" help:"How long running requests may go on after the order to stop."`
	SignIns   int           `name:"sign-ins-per-minute" default:"60" help:"Sign-in attempts that one address may make in a minute."`
	Requests  int           `name:"requests-per-second" default:"5000" help:"API requests that one token may make in a second."`

	PrecheckList bool `name:"precheck-list" help:"Prechecks of the wholesale API answer with info as a list of one, as its public examples show it, instead of the object of its schema."`
	AskConsent   bool `name:"ask-consent" help:"The wholesale API lets a subscriber whose e-mail address another customer has wait for that person's consent (202, pending_user_migration) instead of refusing it (409)."`
}

// Secrets are the settings that may be given as …_FILE and must not be logged.
var Secrets = []string{"db", "smtp", "metrics-token"}

// Check says everything that is wrong with the settings at once: Invalid with a fault for each flag, nil when all is well.
func (s Settings) Check() error {
	var c errs.Checker
	fault := func(flag, code, message string) { c.Add(errs.Field{Name: flag, Code: code, Message: message}) }
	for flag, v := range map[string]string{"http": s.HTTP, "phones": s.Phones, "acme-http": s.ACMEHTTP, "phones-legacy": s.PhonesLegacy} {
		if v == "" && (flag == "acme-http" || flag == "phones-legacy") {
			continue
		}
		if _, port, err := net.SplitHostPort(v); err != nil || port == "" {
			fault(flag, "bad_address", "Give an address with a port, for example :8080 or 127.0.0.1:8080.")
		}
	}
	for flag, v := range map[string]string{"public-url": s.PublicURL, "phones-url": s.PhonesURL} {
		u, err := url.Parse(v)
		if v != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || strings.TrimRight(u.Path, "/") != "") {
			fault(flag, "bad_url", "Give an address like https://linecard.example.com, without a path.")
		}
	}
	if s.PublicURL == "" {
		fault("public-url", "required", "Say how people reach the portal.")
	}
	if s.SMTP != "" {
		if u, err := url.Parse(s.SMTP); err != nil || u.Host == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
			fault("smtp", "bad_url", "Give a mail server like smtp://user:password@mail.example.com:587.")
		}
	}
	if _, err := mail.ParseAddress(s.MailFrom); err != nil {
		fault("mail-from", "bad_email", "Give a sender like Linecard <linecard@example.com>.")
	}
	for _, pair := range []struct {
		flag      string
		cert, key []string
	}{{"tls-cert", s.TLSCert, s.TLSKey}, {"phones-cert", s.PhonesCert, s.PhonesKey}} {
		if len(pair.cert) != len(pair.key) {
			fault(pair.flag, "needs_key", "Each certificate needs its key, in the same order.")
		}
	}
	if len(s.ACMEHosts) > 0 && len(s.TLSCert) > 0 {
		fault("acme-host", "excludes", "Use either --acme-host or --tls-cert for the portal, not both.")
	}
	for flag, list := range map[string][]string{"trusted-proxies": s.TrustedProxies, "proxy-protocol": s.ProxyProtocol, "webhook-allow": s.WebhookAllow, "metrics-allow": s.MetricsAllow} {
		if _, err := httpx.ParseNetworks(flag, list); err != nil {
			fault(flag, "bad_network", "Give networks like 10.0.0.0/8 or 2001:db8::/32.")
		}
	}
	if s.Drain < 0 || s.Drain > 10*time.Minute {
		fault("drain", "out_of_range", "Give a time from 0s to 10m.")
	}
	if s.SignIns < 1 || s.Requests < 1 {
		fault("sign-ins-per-minute", "out_of_range", "Limits must be at least 1.")
	}
	return c.Err()
}

// networks reads a list that Check has accepted.
func networks(list []string) httpx.Networks {
	n, _ := httpx.ParseNetworks("", list)
	return n
}
