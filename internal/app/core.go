package app

import (
	"context"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"linecard/internal/account"
	"linecard/internal/api/wholesale"
	"linecard/internal/billing"
	"linecard/internal/blob"
	"linecard/internal/branding"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/journal"
	"linecard/internal/network"
	"linecard/internal/onboard"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/phone/cisco"
	"linecard/internal/phone/generic"
	"linecard/internal/phone/poly"
	"linecard/internal/phone/yealink"
	"linecard/internal/profile"
	"linecard/internal/queue"
	"linecard/internal/redirect"
	"linecard/internal/registrar"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// Core is everything below the edges, wired: what the server runs on, and what the tools of the command line work with.
type Core struct {
	Log        *slog.Logger
	DB         *db.DB
	Box        *secret.Box
	Files      blob.Store
	Queue      *queue.Queue
	Journal    *journal.Journal
	Tenants    *tenant.Service
	Accounts   *account.Service
	Branding   *branding.Service
	Mail       *deliver.Mailer
	Webhooks   *deliver.Webhooks
	Operations *operation.Service
	Onboard    *onboard.Service
	Networks   *network.Service
	Profiles   *profile.Service
	Software   *firmware.Service
	Devices    *device.Service
	Redirect   *redirect.Service
	Catalog    *catalog.Service
	Subscriber *subscriber.Service
	Registrars *registrar.Service
	Billing    *billing.Service
}

// Options of New and Open that are not settings of a person.
type Options struct {
	Clock db.Clock // nil: the machine's
	Log   *slog.Logger
	// Demo marks the database and shows the outbox as a mailbox (decision 26).
	Demo bool
	// Listeners that are bound already, instead of the addresses of the settings.
	HTTPListener, PhonesListener net.Listener
	// Beat is the queue's sign of life; tests shorten it.
	Beat time.Duration
}

// Open opens the stores, brings the database up to date and wires the rooms. Close must be called.
func Open(ctx context.Context, s Settings, o Options) (*Core, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = db.System{}
	}
	c := &Core{Log: o.Log}
	var err error
	if c.Box, err = secret.Open(s.KeyFile); err != nil {
		return nil, err
	}
	if c.Files, err = blob.Open(ctx, s.Blob); err != nil {
		return nil, err
	}
	if c.DB, err = db.Open(ctx, s.DB, db.Options{Clock: o.Clock, Log: o.Log}); err != nil {
		return nil, err
	}
	if err := c.DB.Migrate(ctx); err != nil {
		_ = c.DB.Close()
		return nil, err
	}
	if err := c.wire(s, o); err != nil {
		_ = c.DB.Close()
		return nil, err
	}
	return c, nil
}

// actorMemory is how long a machine's rights may be reused without asking the database again: what another node changed
// takes effect after at most this long.
const actorMemory = time.Second

func (c *Core) wire(s Settings, o Options) error {
	c.Queue = queue.New(c.DB, queue.Options{Node: s.Node, Log: c.Log, Alone: c.DB.Embedded(), Grace: s.Drain, Beat: o.Beat})
	c.Journal = journal.New(c.DB, journal.Options{Box: c.Box, Files: c.Files, Log: c.Log})
	c.Journal.Register(c.Queue)
	c.Tenants = tenant.NewService(c.DB, c.Journal)
	sender, err := mailSender(s, o)
	if err != nil {
		return err
	}
	c.Branding = branding.NewService(branding.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants, Main: hostOf(s.PublicURL)})
	c.Mail = deliver.NewMailer(c.DB, deliver.MailerOptions{Box: c.Box, Sender: sender, Log: c.Log, Dress: c.Branding.Letterhead(s.PublicURL)})
	c.Mail.Register(c.Queue)
	guard := deliver.NewGuard(deliver.GuardOptions{Allow: networks(s.WebhookAllow), Plain: s.WebhookPlain})
	c.Webhooks = deliver.NewWebhooks(c.DB, deliver.WebhookOptions{Journal: c.Journal, Box: c.Box, Log: c.Log, Agent: "Linecard/" + release, Guard: guard,
		Authorised: c.Tenants.Authorised})
	c.Webhooks.Register(c.Queue)
	c.Operations = operation.NewService(operation.Deps{DB: c.DB, Box: c.Box, Log: c.Log})
	c.Operations.Register(c.Queue)
	link := func(_ account.Realm, path string) string { return strings.TrimRight(s.PublicURL, "/") + path }
	c.Accounts = account.NewService(account.Deps{DB: c.DB, Tenants: c.Tenants, Journal: c.Journal, Mail: c.Mail, Box: c.Box,
		Hasher: account.NewHasher(0, 0), Log: c.Log, Remember: actorMemory,
		Link: link, Scopes: wholesale.Scopes})
	c.Accounts.Register(c.Queue)
	c.Catalog = catalog.NewService(catalog.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants})
	c.Networks = network.NewService(network.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants, Operations: c.Operations})
	c.Networks.Register(c.Queue)
	c.Profiles = profile.NewService(profile.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants, Box: c.Box, Makers: Makers()})
	c.Software = firmware.NewService(firmware.Needs{DB: c.DB, Files: c.Files, Journal: c.Journal, Tenants: c.Tenants, Operations: c.Operations, Makers: Makers(), Log: c.Log})
	c.Software.Register(c.Queue)
	c.Devices = device.NewService(device.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants, Networks: c.Networks, Box: c.Box, Makers: Makers(), Files: c.Files,
		Operations: c.Operations})
	device.Connect(c.Devices, c.Profiles, c.Software)
	c.Subscriber = subscriber.NewService(subscriber.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants, Catalog: c.Catalog, Accounts: c.Accounts, Operations: c.Operations,
		Box: c.Box, Post: c.Mail, Link: func(path string) string { return link(account.CustomerRealm, path) }})
	c.Subscriber.Connect(c.Devices)
	c.Subscriber.Register(c.Queue)
	c.Devices.Manage(c.Subscriber)
	c.Registrars = registrar.NewService(registrar.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants, Lines: c.Subscriber, Box: c.Box, Guard: guard, Log: c.Log})
	c.Registrars.Register(c.Queue)
	c.Onboard = onboard.NewService(onboard.Deps{DB: c.DB, Tenants: c.Tenants, Accounts: c.Accounts, Mails: c.Mail, Post: c.Mail, Link: link, Journal: c.Journal, Catalog: c.Catalog,
		Operations: c.Operations, Places: onboard.Subscribers(c.Subscriber)})
	c.Onboard.Register(c.Queue)
	c.Devices.Register(c.Queue)
	c.Redirect = redirect.NewService(redirect.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants, Operations: c.Operations, Box: c.Box, Makers: Makers(), Guard: guard,
		Holders: c.Devices, Log: c.Log})
	c.Redirect.Register(c.Queue)
	c.Devices.Respect(c.Redirect)
	c.Billing = billing.NewService(billing.Needs{DB: c.DB, Box: c.Box, Files: c.Files, Journal: c.Journal, Tenants: c.Tenants, Catalog: c.Catalog, Operations: c.Operations, Log: c.Log})
	c.Billing.Register(c.Queue)
	return nil
}

// hostOf gives the host of an address, "" when there is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// Makers are the phone makers that this program knows, in the order in which they are asked about a request.
func Makers() phone.Makers {
	return phone.Makers{poly.New(), yealink.New(), cisco.New(), generic.New(generic.Grandstream), generic.New(generic.Snom)}
}

// Close ends the connections of the stores.
func (c *Core) Close() error { return c.DB.Close() }

// mailSender is what hands mails over: the demo keeps them, without a mail server they wait.
func mailSender(s Settings, o Options) (deliver.Sender, error) {
	if o.Demo {
		return deliver.Outbox{}, nil
	}
	if s.SMTP == "" {
		return nil, nil
	}
	from, err := mail.ParseAddress(s.MailFrom)
	if err != nil {
		return nil, errs.BadField("mail-from", "bad_email", "This is not a valid e-mail address.")
	}
	sender, err := deliver.ParseSMTP(s.SMTP, deliver.SMTPOptions{From: from.Address})
	if err != nil {
		return nil, err
	}
	return sender, nil
}
