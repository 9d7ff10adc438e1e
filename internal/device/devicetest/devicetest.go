// Package devicetest gives tests of phones a small world on a real database: an operator, a partner, two customers that have a
// provisioning account, and the services between them. Nothing but tests may import it.
package devicetest

import (
	"context"
	"path/filepath"
	"testing"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/firmware"
	"linecard/internal/journal"
	"linecard/internal/network"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/phone/cisco"
	"linecard/internal/phone/generic"
	"linecard/internal/phone/poly"
	"linecard/internal/phone/yealink"
	"linecard/internal/profile"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// User and Password open the phones' door of customer Acme; Globex has the same user and another password.
const (
	User           = "acme-phones"
	Password       = "s3cret-Of-Acme"
	GlobexPassword = "s3cret-Of-Globex"
)

// World is what New makes.
type World struct {
	DB         *db.DB
	Box        *secret.Box
	Journal    *journal.Journal
	Tenants    *tenant.Service
	Operations *operation.Service
	Networks   *network.Service
	Profiles   *profile.Service
	Software   *firmware.Service
	Devices    *device.Service
	Makers     phone.Makers
	Operator   tenant.Tenant
	Partner    tenant.Tenant
	Acme       tenant.Tenant // host "acme"
	Globex     tenant.Tenant // host "globex"
	KeyFile    string
}

// System acts with all rights.
var System = access.SystemActor("test")

// New makes the world in d.
func New(tb testing.TB, d *db.DB) *World {
	tb.Helper()
	w := &World{DB: d, Makers: makers(), KeyFile: filepath.Join(tb.TempDir(), "keys.json")}
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	ctx := context.Background()
	files, err := blob.Open(ctx, "file://"+tb.TempDir())
	must(err)
	w.wire(tb, files)
	w.Operator, err = w.Tenants.CreateOperator(ctx, System, tenant.Details{Name: "Operator", Email: "operator@example.net", Contact: "O"})
	must(err)
	w.Partner, err = w.Tenants.CreatePartner(ctx, System, tenant.Details{Name: "Partner", Email: "partner@example.net", Contact: "P"})
	must(err)
	w.Acme = w.Customer(tb, "acme")
	w.Globex = w.Customer(tb, "globex")
	w.SetAccount(tb, w.Acme.ID, User, Password)
	w.SetAccount(tb, w.Globex.ID, User, GlobexPassword)
	return w
}

// makers are all that the program is built with.
func makers() phone.Makers {
	return phone.Makers{poly.New(), yealink.New(), cisco.New(), generic.New(generic.Grandstream), generic.New(generic.Snom)}
}

// Node gives the services of another process on the same database and key file.
func (w *World) Node(tb testing.TB, d *db.DB) *World {
	tb.Helper()
	other := *w
	other.DB = d
	other.wire(tb, nil)
	return &other
}

func (w *World) wire(tb testing.TB, files blob.Store) {
	tb.Helper()
	box, err := secret.Open(w.KeyFile)
	if err != nil {
		tb.Fatal(err)
	}
	w.Box = box
	w.Journal = journal.New(w.DB, journal.Options{Box: w.Box, Files: files})
	w.Tenants = tenant.NewService(w.DB, w.Journal)
	w.Operations = operation.NewService(operation.Deps{DB: w.DB, Box: w.Box})
	w.Networks = network.NewService(network.Needs{DB: w.DB, Journal: w.Journal, Tenants: w.Tenants, Operations: w.Operations})
	w.Profiles = profile.NewService(profile.Needs{DB: w.DB, Journal: w.Journal, Tenants: w.Tenants, Box: w.Box, Makers: w.Makers})
	w.Software = firmware.NewService(firmware.Needs{DB: w.DB, Files: files, Journal: w.Journal, Tenants: w.Tenants, Operations: w.Operations, Makers: w.Makers})
	w.Devices = device.NewService(device.Needs{DB: w.DB, Journal: w.Journal, Tenants: w.Tenants, Networks: w.Networks, Box: w.Box, Makers: w.Makers, Files: files,
		Operations: w.Operations})
	device.Connect(w.Devices, w.Profiles, w.Software)
}

// Customer makes a customer of the partner whose phones use this host.
func (w *World) Customer(tb testing.TB, host string) tenant.Tenant {
	tb.Helper()
	c, err := w.Tenants.CreateCustomer(context.Background(), System, tenant.NewCustomer{OwnerID: w.Partner.ID, Host: host,
		Details: tenant.Details{Name: host, Email: host + "@example.net", Contact: "C"}, PermissionTypes: []string{tenant.DMP}})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// SetAccount sets the provisioning account of a customer.
func (w *World) SetAccount(tb testing.TB, customerID, user, password string) {
	tb.Helper()
	word := secret.Hide(password)
	if _, err := w.Devices.SetProvisioning(context.Background(), System, customerID, device.ProvisioningPatch{User: &user, Password: &word}); err != nil {
		tb.Fatal(err)
	}
}

// AutoAdd says what happens with phones of a customer that nobody announced.
func (w *World) AutoAdd(tb testing.TB, customerID string, a device.AutoAdd) {
	tb.Helper()
	if _, err := w.Devices.SetProvisioning(context.Background(), System, customerID, device.ProvisioningPatch{Getting: device.GettingPatch{AutoAdd: &a}}); err != nil {
		tb.Fatal(err)
	}
}

// Phone adds a phone to a customer.
func (w *World) Phone(tb testing.TB, customerID, mac string) device.Device {
	tb.Helper()
	d, err := w.Devices.Create(context.Background(), System, customerID, device.New{MAC: mac})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// Admin is a person with the role customer_device_admin of the customer.
func Admin(t tenant.Tenant) access.Actor {
	return access.Actor{ID: db.NewID(), Kind: access.Person, Name: "Admin of " + t.Name, Tenant: t.Access(), Roles: []access.Role{access.CustomerDeviceAdmin}}
}
