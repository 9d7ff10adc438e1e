package api

import (
	"context"
	"time"

	"linecard/internal/catalog"
)

// Package is a package or an add-on of the catalogue (WS-4, WS-11).
type Package struct {
	Code        string            `json:"code"`
	Kind        string            `json:"kind" enum:"base,add_on"`
	SKU         string            `json:"sku"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Aliases     []string          `json:"aliases" doc:"Other names that are taken for the code"`
	Rank        int64             `json:"rank" doc:"Higher holds more; 0 is compared by what it holds (WS-14)"`
	Calling     string            `json:"calling" enum:"none,basic,subset,advanced,full"`
	Messaging   bool              `json:"messaging"`
	Meetings    string            `json:"meetings" enum:"none,basic,full"`
	AssignTo    string            `json:"assign_to" enum:"user,workspace,both"`
	DependsOn   []string          `json:"depends_on" doc:"Of an add-on: one of these packages is needed; empty: any"`
	Features    map[string]string `json:"features" doc:"Key of a feature and the text of its limit, empty for none"`
	Rule        string            `json:"rule" enum:"prorated,count_on_day,peak,full_month,once" doc:"How its quantity is made"`
	State       string            `json:"state" enum:"active,retired"`
	Created     time.Time         `json:"created"`
	Updated     time.Time         `json:"updated"`
}

func packageOf(i catalog.Item) Package {
	p := Package{Code: i.Code, Kind: string(i.Kind), SKU: i.SKU, Name: i.Name, Description: i.Description, Aliases: orEmpty(i.Aliases), Rank: i.Rank, Calling: string(i.Calling),
		Messaging: i.Messaging, Meetings: string(i.Meetings), AssignTo: string(i.AssignTo), DependsOn: orEmpty(i.DependsOn.V), Features: i.Features, Rule: i.Rule, State: string(i.State),
		Created: i.Created.Time, Updated: i.Updated.Time}
	if p.Features == nil {
		p.Features = map[string]string{}
	}
	return p
}

// Catalogue is all that can be sold.
type Catalogue struct {
	Items []Package `json:"items"`
}

type nothing struct{}

func (a *API) getCatalogue(ctx context.Context, c *call, _ *nothing) (Catalogue, error) {
	all, err := a.d.Catalog.Items(ctx, c.actor)
	out := Catalogue{Items: []Package{}}
	for _, i := range all {
		out.Items = append(out.Items, packageOf(i))
	}
	return out, err
}

// PackageRef names a package in a path.
type PackageRef struct {
	Package string `path:"package" doc:"Code or alias"`
}

func (a *API) getPackage(ctx context.Context, c *call, in *PackageRef) (Package, error) {
	i, err := a.d.Catalog.Item(ctx, c.actor, in.Package)
	c.tagged(i.Version)
	return packageOf(i), err
}

// NewPackage is an item to add.
type NewPackage struct {
	Code        string            `json:"code" maxLength:"64"`
	Kind        string            `json:"kind" enum:"base,add_on"`
	SKU         string            `json:"sku" maxLength:"64"`
	Name        string            `json:"name" maxLength:"128"`
	Description string            `json:"description,omitempty" maxLength:"500"`
	Aliases     []string          `json:"aliases,omitempty" maxItems:"20"`
	Rank        int64             `json:"rank,omitempty"`
	Calling     string            `json:"calling,omitempty" enum:"none,basic,subset,advanced,full" default:"none"`
	Messaging   bool              `json:"messaging,omitempty"`
	Meetings    string            `json:"meetings,omitempty" enum:"none,basic,full" default:"none"`
	AssignTo    string            `json:"assign_to,omitempty" enum:"user,workspace,both" default:"both"`
	DependsOn   []string          `json:"depends_on,omitempty" maxItems:"50"`
	Features    map[string]string `json:"features,omitempty"`
	Rule        string            `json:"rule,omitempty" enum:"prorated,count_on_day,peak,full_month,once" default:"prorated"`
}

type createPackageIn struct{ Body NewPackage }

func (a *API) createPackage(ctx context.Context, c *call, in *createPackageIn) (Package, error) {
	b := in.Body
	i, err := a.d.Catalog.AddItem(ctx, c.actor, catalog.NewItem{Code: b.Code, Kind: catalog.Kind(b.Kind), SKU: b.SKU, Name: b.Name, Description: b.Description, Aliases: b.Aliases, Rank: b.Rank,
		Calling: catalog.Calling(b.Calling), Messaging: b.Messaging, Meetings: catalog.Meetings(b.Meetings), AssignTo: catalog.Assignable(b.AssignTo), DependsOn: b.DependsOn, Features: b.Features, Rule: b.Rule})
	if err == nil {
		c.created("/packages/"+i.Code, i.Version)
	}
	return packageOf(i), err
}

// PackageChanges are the fields of a package that shall change; lists and features replace all that there were.
type PackageChanges struct {
	SKU         *string            `json:"sku,omitempty" maxLength:"64"`
	Name        *string            `json:"name,omitempty" maxLength:"128"`
	Description *string            `json:"description,omitempty" maxLength:"500"`
	Aliases     *[]string          `json:"aliases,omitempty" maxItems:"20"`
	DependsOn   *[]string          `json:"depends_on,omitempty" maxItems:"50"`
	Features    *map[string]string `json:"features,omitempty"`
	Rule        *string            `json:"rule,omitempty" enum:"prorated,count_on_day,peak,full_month,once"`
	State       *string            `json:"state,omitempty" enum:"active,retired"`
}

type editPackageIn struct {
	PackageRef
	Body PackageChanges
}

func (a *API) editPackage(ctx context.Context, c *call, in *editPackageIn) (Package, error) {
	b := in.Body
	p := catalog.ItemPatch{SKU: b.SKU, Name: b.Name, Description: b.Description, Aliases: b.Aliases, DependsOn: b.DependsOn, Features: b.Features, Rule: b.Rule, IfVersion: c.ifVersion()}
	if b.State != nil {
		state := catalog.State(*b.State)
		p.State = &state
	}
	i, err := a.d.Catalog.EditItem(ctx, c.actor, in.Package, p)
	c.tagged(i.Version)
	return packageOf(i), err
}

// Feature is something that packages include (WS-15, WS-16).
type Feature struct {
	Number   string           `json:"number" example:"S6"`
	Key      string           `json:"key" example:"call_forwarding"`
	Level    string           `json:"level" enum:"subscriber,location,service"`
	Group    string           `json:"group"`
	Name     string           `json:"name"`
	Default  bool             `json:"default" doc:"On for whoever is entitled to it and has chosen nothing"`
	Settings []FeatureSetting `json:"settings"`
}

// FeatureSetting is a value that a feature takes.
type FeatureSetting struct {
	Name    string   `json:"name"`
	Type    string   `json:"type" enum:"flag,count,number,text,choice,list"`
	Min     int      `json:"min,omitempty"`
	Max     int      `json:"max,omitempty"`
	Choices []string `json:"choices,omitempty"`
}

func featureOf(f catalog.Feature) Feature {
	out := Feature{Number: f.Number, Key: f.Key, Level: f.Level, Group: f.Group, Name: f.Name, Default: f.Default, Settings: []FeatureSetting{}}
	for _, s := range f.Settings {
		out.Settings = append(out.Settings, FeatureSetting(s))
	}
	return out
}

// Features are those of subscribers and of locations.
type Features struct {
	Subscriber []Feature `json:"subscriber"`
	Location   []Feature `json:"location"`
}

func (a *API) getFeatures(context.Context, *call, *nothing) (Features, error) {
	out := Features{Subscriber: []Feature{}, Location: []Feature{}}
	for _, f := range catalog.AllFeatures() {
		if f.Level == "location" {
			out.Location = append(out.Location, featureOf(f))
		} else {
			out.Subscriber = append(out.Subscriber, featureOf(f))
		}
	}
	return out, nil
}

// FeatureMatrix sets features against packages (WS-17).
type FeatureMatrix struct {
	Packages []string    `json:"packages"`
	Rows     []MatrixRow `json:"rows"`
}

// MatrixRow is one feature.
type MatrixRow struct {
	Feature Feature      `json:"feature"`
	Cells   []MatrixCell `json:"cells" doc:"In the order of the packages"`
}

// MatrixCell says whether a package includes the feature.
type MatrixCell struct {
	Package  string `json:"package"`
	Included bool   `json:"included"`
	Limit    string `json:"limit" doc:"Empty for none"`
}

func (a *API) getMatrix(ctx context.Context, c *call, _ *nothing) (FeatureMatrix, error) {
	out := FeatureMatrix{Packages: []string{}, Rows: []MatrixRow{}}
	all, err := a.d.Catalog.Items(ctx, c.actor)
	packages, rows := catalog.Matrix(all)
	for _, p := range packages {
		out.Packages = append(out.Packages, p.Code)
	}
	for _, r := range rows {
		row := MatrixRow{Feature: featureOf(r.Feature), Cells: []MatrixCell{}}
		for _, cell := range r.Cells {
			row.Cells = append(row.Cells, MatrixCell(cell))
		}
		out.Rows = append(out.Rows, row)
	}
	return out, err
}

// Languages are those that customers and users can have (WS-50).
type Languages struct {
	Items []Language `json:"items"`
}

// Language is one with its locales, the default first.
type Language struct {
	Code    string   `json:"code"`
	Name    string   `json:"name"`
	Locales []string `json:"locales"`
}

func (a *API) getLanguages(context.Context, *call, *nothing) (Languages, error) {
	out := Languages{Items: []Language{}}
	for _, l := range catalog.Languages() {
		out.Items = append(out.Items, Language(l))
	}
	return out, nil
}

// CustomerPackages are the packages of a customer (WS-12, WS-13).
type CustomerPackages struct {
	Items []CustomerPackage `json:"items"`
}

// CustomerPackage is one with its limit.
type CustomerPackage struct {
	Code  string `json:"code"`
	Limit *int64 `json:"limit" required:"false" minimum:"0" doc:"The most that may be assigned; null: as many as wanted"`
	Used  int64  `json:"used" readOnly:"true" required:"false"`
}

func customerPackagesOf(all []catalog.PackageLimit) CustomerPackages {
	out := CustomerPackages{Items: []CustomerPackage{}}
	for _, p := range all {
		out.Items = append(out.Items, CustomerPackage{p.Code, p.Max, p.Used})
	}
	return out
}

func (a *API) getCustomerPackages(ctx context.Context, c *call, in *CustomerRef) (CustomerPackages, error) {
	all, version, err := a.d.Catalog.Packages(ctx, c.actor, in.Customer)
	c.taggedLoosely(version)
	return customerPackagesOf(all), err
}

// PackageLimits are the packages that a customer shall have; one that is left out goes.
type PackageLimits struct {
	Items []PackageLimit `json:"items" maxItems:"100"`
}

// PackageLimit is a package with its limit.
type PackageLimit struct {
	Code  string `json:"code" maxLength:"64" doc:"Code or alias"`
	Limit *int64 `json:"limit,omitempty" minimum:"0" maximum:"1000000000"`
}

type setCustomerPackagesIn struct {
	CustomerRef
	Body PackageLimits
}

func (a *API) setCustomerPackages(ctx context.Context, c *call, in *setCustomerPackagesIn) (CustomerPackages, error) {
	var want []catalog.PackageLimit
	for _, p := range in.Body.Items {
		want = append(want, catalog.PackageLimit{Code: p.Code, Max: p.Limit})
	}
	all, version, err := a.d.Catalog.ChangePackages(ctx, c.actor, in.Customer, want, c.ifVersion())
	c.taggedLoosely(version)
	return customerPackagesOf(all), err
}
