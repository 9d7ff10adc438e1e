package onboard

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// TemplateState says whether a template can be used.
type TemplateState string

// The states of a template. An archived one makes no more customers; those that it made keep their copy (WS-104).
const (
	InUse    TemplateState = "active"
	Archived TemplateState = "archived"
)

// How people of a template's customers sign in (spec 4.5, template_auth).
const (
	PlatformAuth = "platform"
	PartnerIDP   = "partner_idp"
)

// Template is what customers have in common that are made alike (WS-96).
type Template struct {
	ID             string        `db:"id"`
	ProvisioningID string        `db:"provisioning_id"` // opaque, never changes; what API clients name (WS-103)
	OwnerID        string        `db:"owner_id"`        // partner or sub-partner
	Scope          string        `db:"scope"`
	Name           string        `db:"name"`
	NameFold       string        `db:"name_fold"`
	Country        string        `db:"country"`         // ISO 3166-1 alpha-2
	Language       string        `db:"language"`        // a supported locale (WS-98)
	AdminID        string        `db:"admin_id"`        // account of the owner
	SubscriptionID string        `db:"subscription_id"` // of a sub-partner: its parent's (WS-78)
	Auth           string        `db:"auth"`            // PlatformAuth or PartnerIDP
	EntityID       string        `db:"entity_id"`       // of the provider of identities; "" with PlatformAuth
	CarrierID      string        `db:"carrier_id"`      // "": none, which is enough for meetings alone (WS-100)
	Common                       // WS-101
	State          TemplateState `db:"state"`
	Created        db.Time       `db:"created"`
	Updated        db.Time       `db:"updated"`
	Version        int64         `db:"version"`

	Used int64 `db:"used"` // how many customers were made with it
}

// Common are the settings of the third step (WS-101).
type Common struct {
	RestrictInvites bool   `db:"restrict_invites"` // no invitations to administrators of an existing organisation
	BrandName       string `db:"brand_name"`
	DisableCalls    bool   `db:"disable_calls"` // calls inside the app that are not PSTN
}

// NewTemplate is the input of CreateTemplate.
type NewTemplate struct {
	OwnerID        string // partner or sub-partner; "": where the actor works
	Name           string
	Country        string
	Language       string // any form of WS-50; "": that of the country
	Admin          string // id or e-mail of an account of the owner
	SubscriptionID string // "": the owner's present one
	Auth           string // "": PlatformAuth
	EntityID       string
	CarrierID      string
	Common
}

// TemplatePatch is a partial change of a template; nil leaves a field as it is.
type TemplatePatch struct {
	Name, Country, Language, Admin, Auth, EntityID, CarrierID, BrandName *string
	RestrictInvites, DisableCalls                                        *bool
	IfVersion                                                            int64
}

// Carrier connects calls to the public network and has the numbers by which meetings are reached (WS-49, WS-100).
type Carrier struct {
	ID       string                          `db:"id"`
	Name     string                          `db:"name"`
	NameFold string                          `db:"name_fold"`
	Region   string                          `db:"region"` // telephony region of WS-49; "" for none
	Numbers  db.JSON[[]catalog.DialInNumber] `db:"numbers"`
	State    CarrierState                    `db:"state"`
	Created  db.Time                         `db:"created"`
	Updated  db.Time                         `db:"updated"`
	Version  int64                           `db:"version"`
}

// CarrierState says whether templates can choose a carrier.
type CarrierState string

// The states of a carrier.
const (
	CarrierActive  CarrierState = "active"
	CarrierRetired CarrierState = "retired"
)

// CarrierPatch makes or changes a carrier; nil leaves a field as it is.
type CarrierPatch struct {
	Name, Region *string
	Numbers      *[]catalog.DialInNumber
	State        *CarrierState
	IfVersion    int64
}

var (
	errStale        = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errTemplateName = ofField(errs.New(errs.Conflict, "name_taken", "There is one with this name already."), "name")
	errTemplateUsed = errs.New(errs.Conflict, "template_in_use", "Customers were made with this template. Archive it instead.")
	errTemplateGone = errs.New(errs.Conflict, "template_archived", "The template is archived. Choose another one.")
	errNoIDP        = errs.BadField("entity_id", "unknown_identity_provider", "Your organisation has no tested identity provider with this entity id.")
	errNoCarrier    = errs.BadField("carrier_id", "unknown_carrier", "There is no such carrier.")
	errNoAdmin      = errs.BadField("admin", "unknown_administrator", "Choose an account of the organisation that owns the template.")
	errNoTemplate   = errs.BadField("provisioning_id", "unknown_template", "There is no template with this provisioning id.")
	errNotProvider  = errs.New(errs.Conflict, "wrong_kind", "This is not possible for this kind of organisation.")
	errCarrierName  = ofField(errs.New(errs.Conflict, "name_taken", "There is one with this name already."), "name")
)

// ofField lets a refusal name the field that a person can correct.
func ofField(e *errs.Error, name string) *errs.Error {
	e.Fields = []errs.Field{{Name: name, Code: e.Code, Message: e.Message}}
	return e
}

// newProvisioningID is opaque and safe in addresses (WS-103).
func newProvisioningID() string {
	b := make([]byte, 18)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// spoken is the main language of countries whose people mostly have one that is supported (WS-98); all others read English.
var spoken = func() map[string]string {
	m := map[string]string{}
	for language, countries := range map[string]string{
		"fr": "FR MC SN CI CM BJ BF GA GN ML NE TG CG CD BL GF GP MF MQ NC PF PM RE YT WF TF", "cs": "CZ", "da": "DK GL FO", "de": "DE AT LI CH", "hu": "HU", "id": "ID",
		"it": "IT SM VA", "ja": "JP", "ko": "KR KP", "es": "ES MX CO AR BO CL CR CU DO EC GQ GT HN NI PA PE PR PY SV UY VE", "nl": "NL SR AW CW SX BQ",
		"nb": "NO SJ BV", "pl": "PL", "pt": "PT BR AO CV GW MZ ST TL", "ru": "RU BY KZ KG", "ro": "RO MD", "zh": "CN TW HK MO", "sv": "SE AX",
		"ar": "SA AE BH DZ EG IQ JO KW LB LY MA MR OM PS QA SD SY TN YE", "tr": "TR",
	} {
		for c := range strings.FieldsSeq(countries) {
			m[c] = language
		}
	}
	return m
}()

// languageOf gives the locale that a template of this country has by itself.
func languageOf(country string) string {
	l, err := catalog.Locale(spoken[country], country, "")
	if err != nil {
		return catalog.English
	}
	if spoken[country] == "" {
		return catalog.English // New Zealand reads en_US, as WS-98 says, not the nearest English
	}
	return l.Organisation
}
