package portal_test

import (
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/billing"
	"linecard/internal/catalog"
	"linecard/internal/db/dbtest"
	"linecard/internal/onboard"
	"linecard/internal/phone"
	"linecard/internal/portal/portaltest"
	"linecard/internal/subscriber"
)

// sale is what the pages of the wholesale offer show: a partner that sells, customers that came by a template, one of them held by the
// compliance check, and users, places, numbers and lines of another.
type sale struct {
	template    onboard.Template
	carrier     onboard.Carrier
	ready, held onboard.Customer
	user        subscriber.User
	workspace   subscriber.Workspace
	location    subscriber.Location
	line        subscriber.Line
	number      subscriber.Number
	report      billing.Report
	invoice     billing.Invoice
	request     onboard.SubPartnerRequest
	list        onboard.List
}

// streets is an address for everything.
var streets = onboard.Address{Line1: "1 Quay Street", City: "Bristol", PostalCode: "BS1 4DB", Country: "GB"}

// blocked is a list of restricted parties with one name.
const blocked = "source,entity_number,type,name,alt_names,addresses,country\nSample List (SL),4711,Entity,Evil Corp Ltd,EVIL CORPORATION,\"1 Harm Road, Bristol, GB\",GB\n"

// doSell makes it, by the services that people use.
func doSell(t *testing.T, w *portaltest.World, x *trade) *sale {
	t.Helper()
	ctx, s := t.Context(), &sale{}
	ada, mara, priya := w.Actor(w.Operator), w.Actor(w.Partner), w.Actor(w.Customer)
	sold := []string{catalog.CommonArea, catalog.CallingPackage, catalog.Suite, catalog.MeetingsPackage, "attendant_console"}
	must[catalog.Subscription](t)(w.Catalog.Subscribe(ctx, ada, w.Partner.Tenant.ID, catalog.NewSubscription{Currency: "GBP", Start: "2020-01-01", Items: sold, Prices: []catalog.Price{
		{Item: catalog.CallingPackage, ValidFrom: "2020-01-01", Price: 100_000}, {Item: catalog.Suite, ValidFrom: "2020-01-01", Price: 180_000}}}))
	must[catalog.Subscription](t)(w.Catalog.SetSubscriptionState(ctx, ada, w.Partner.Tenant.ID, catalog.Sells, 0))
	must[catalog.RetailList](t)(w.Catalog.SetRetail(ctx, mara, w.Partner.Tenant.ID, "GBP", []catalog.RetailPrice{{Price: catalog.Price{Item: catalog.CallingPackage, ValidFrom: "2020-01-01", Price: 150_000}},
		{CustomerID: x.plain.ID, Price: catalog.Price{Item: catalog.CallingPackage, ValidFrom: "2020-01-01", Price: 120_000}}}, 0))
	name, region := "Northwind Voice", "EMEA"
	s.carrier = must[onboard.Carrier](t)(w.Onboard.AddCarrier(ctx, ada, onboard.CarrierPatch{Name: &name, Region: &region, Numbers: &[]catalog.DialInNumber{{Country: "GB", Number: "+442079460500"}}}))
	s.template = must[onboard.Template](t)(w.Onboard.CreateTemplate(ctx, mara, onboard.NewTemplate{Name: "Small business", Country: "GB", CarrierID: s.carrier.ID, Common: onboard.Common{BrandName: "Brightline Office"}}))
	s.list = must[onboard.List](t)(w.Onboard.LoadList(ctx, w.Actor(x.people["operator-compliance"]), "Sample List", strings.NewReader(blocked)))
	ask := func(name, email, external string) onboard.Customer {
		t.Helper()
		return must[onboard.Customer](t)(w.Onboard.Provision(ctx, mara, onboard.Request{ProvisioningID: s.template.ProvisioningID, Packages: []string{catalog.CallingPackage, catalog.MeetingsPackage}, Limits: map[string]int64{catalog.CallingPackage: 25},
			ExternalID: external, Address: streets, Name: name, Email: email, Location: &onboard.Headquarters{Name: "Head office", Address: streets, TimeZone: "Europe/London", Language: "en_GB"}, Numbers: []string{"+442079460601", "+442079460602"}}))
	}
	s.ready, s.held = ask("Pell & Sons Joinery", "hello@pell.example", "BL-1001"), ask("EVIL CORP.", "ceo@evil.example", "BL-1002")
	dbtest.Eventually(t, "a customer that is ready and one that is held", func() bool {
		a, err := w.Onboard.Wholesale(ctx, mara, s.ready.ID, "")
		b, err2 := w.Onboard.Wholesale(ctx, mara, s.held.ID, "")
		return err == nil && err2 == nil && a.Status == onboard.StatusProvisioned && b.Status == onboard.StatusReview
	})
	s.people(t, w, x, mara, priya)
	day := w.DB.Now().UTC().AddDate(0, -1, 0)
	s.report = must[billing.Report](t)(w.Billing.CreateReport(ctx, mara, billing.NewReport{Start: day.Format("2006-01-02"), End: day.Format("2006-01-02"), Type: billing.TypeCustomer}))
	dbtest.Eventually(t, "the report", func() bool {
		r, err := w.Billing.Report(ctx, mara, s.report.ID)
		return err == nil && r.Status == billing.Completed
	})
	s.invoice = must[billing.Invoice](t)(w.Billing.DraftInvoice(ctx, ada, w.Partner.Tenant.ID, day.AddDate(0, -1, 0).Format("2006-01")))
	s.invoice = must[billing.Invoice](t)(w.Billing.IssueInvoice(ctx, ada, s.invoice.ID, 0))
	sub := must[catalog.Subscription](t)(w.Catalog.Subscription(ctx, mara, w.Partner.Tenant.ID))
	s.request = must[onboard.SubPartnerRequest](t)(w.Onboard.RequestSubPartner(ctx, mara, onboard.NewSubPartnerRequest{Name: "Meadow Telecom", Email: "hi@meadow.example", FirstName: "Ruth", LastName: "Kessler", SubscriptionID: sub.ID}))
	return s
}

// people gives the customer packages, a location, numbers, and who has them.
func (s *sale) people(t *testing.T, w *portaltest.World, x *trade, mara, priya access.Actor) {
	t.Helper()
	ctx, id := t.Context(), w.Customer.Tenant.ID
	if _, _, err := w.Catalog.ChangePackages(ctx, mara, id, []catalog.PackageLimit{{Code: catalog.Suite}, {Code: catalog.CallingPackage}, {Code: catalog.MeetingsPackage}, {Code: catalog.CommonArea}, {Code: "attendant_console"}}, 0); err != nil {
		t.Fatal(err)
	}
	name, zone, language, emergency := "Head office", "Europe/London", "en_GB", "ERL-0017"
	s.location = must[subscriber.Location](t)(w.Subscriber.CreateLocation(ctx, mara, id, subscriber.LocationPatch{Name: &name, TimeZone: &zone, Language: &language, EmergencyID: &emergency, Address: &streets}))
	branch := "Clifton branch"
	must[subscriber.Location](t)(w.Subscriber.CreateLocation(ctx, mara, id, subscriber.LocationPatch{Name: &branch, TimeZone: &zone, Language: &language, Address: &streets}))
	must[[]subscriber.NumberResult](t)(w.Subscriber.AddNumbers(ctx, mara, id, subscriber.NewNumbers{LocationID: s.location.ID, Ranges: []subscriber.NumberRange{{First: "+442079460700", Last: "+442079460709"}}}))
	must[[]subscriber.NumberResult](t)(w.Subscriber.AddNumbers(ctx, mara, id, subscriber.NewNumbers{Ranges: []subscriber.NumberRange{{First: "+442079460720"}}}))
	user := func(first, last, pack, ext, number string, addOns ...string) subscriber.User {
		t.Helper()
		n := subscriber.NewUser{Email: strings.ToLower(first) + "@harbour.example", FirstName: first, LastName: last, Package: pack, Extension: ext, Number: number, AddOns: addOns}
		if pack != catalog.MeetingsPackage {
			n.LocationID = s.location.ID
		}
		return must[subscriber.User](t)(w.Subscriber.CreateUser(ctx, mara, id, n))
	}
	s.user = user("Edda", "Wren", catalog.Suite, "201", "+442079460700")
	user("Owen", "Marsh", catalog.CallingPackage, "202", "")
	user("Ruth", "Kessler", catalog.MeetingsPackage, "", "")
	s.workspace = must[subscriber.Workspace](t)(w.Subscriber.CreateWorkspace(ctx, mara, id, subscriber.NewWorkspace{Name: "Waiting room", Package: catalog.CommonArea, LocationID: s.location.ID, Extension: "300"}))
	if _, _, err := w.Subscriber.SetCalling(ctx, mara, id, subscriber.Calling{Registrars: []phone.Server{{Host: "sip.brightline.example"}}}, 0); err != nil {
		t.Fatal(err)
	}
	lines, _, err := w.Subscriber.Lines(ctx, mara, id, subscriber.LineQuery{HolderID: s.user.ID})
	s.line = must[[]subscriber.Line](t)(lines, err)[0]
	s.line = must[subscriber.Line](t)(w.Subscriber.PlaceLine(ctx, priya, id, s.line.ID, x.device.ID, 2))
	numbers, _, err := w.Subscriber.Numbers(ctx, mara, id, subscriber.NumberQuery{HolderID: s.user.ID})
	s.number = must[[]subscriber.Number](t)(numbers, err)[0]
}
