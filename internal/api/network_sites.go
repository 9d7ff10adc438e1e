package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"linecard/internal/network"
)

// NetworkSite is a named set of networks, usually one office (DM-33).
type NetworkSite struct {
	ID           string              `json:"id"`
	CustomerID   string              `json:"customer_id"`
	Name         string              `json:"name"`
	Description  string              `json:"description"`
	LocationName string              `json:"location_name"`
	DownloadPath string              `json:"download_path" example:"https://relay1.acme.example/" doc:"From where its phones get software; empty when unset (DM-51)"`
	Subnets      []NetworkSiteSubnet `json:"subnets" doc:"Empty for the site Internet only"`
	Fixed        bool                `json:"fixed" doc:"The site Internet: it takes every device that no other site matches, and cannot be changed (DM-37)"`
	Placeholder  bool                `json:"placeholder" doc:"It has no real subnet yet, so it matches no device (DM-36)"`
	DeviceCount  int64               `json:"device_count" doc:"Devices that are at it now (DM-41)"`
	Created      time.Time           `json:"created"`
	Updated      time.Time           `json:"updated"`
}

// NetworkSiteSubnet is a public subnet with the private ones below it.
type NetworkSiteSubnet struct {
	Public  string   `json:"public" example:"198.51.100.0/24" maxLength:"64" doc:"As devices are seen from outside; host bits are cut off"`
	Private []string `json:"private" required:"false" maxItems:"500" doc:"Tell sites with the same public subnet apart (DM-46)"`
}

func siteOf(count map[string]int64) func(network.Site) NetworkSite {
	return func(s network.Site) NetworkSite {
		out := NetworkSite{ID: s.ID, CustomerID: s.CustomerID, Name: s.Name, Description: s.Description, LocationName: s.LocationName, DownloadPath: s.DownloadPath,
			Subnets: []NetworkSiteSubnet{}, Fixed: s.Fixed, Placeholder: s.Placeholder(), DeviceCount: count[s.ID], Created: s.Created.Time, Updated: s.Updated.Time}
		for _, n := range s.Subnets {
			w := NetworkSiteSubnet{Public: n.Public.String(), Private: []string{}}
			for _, p := range n.Private {
				w.Private = append(w.Private, p.String())
			}
			out.Subnets = append(out.Subnets, w)
		}
		return out
	}
}

func networksOf(subnets []NetworkSiteSubnet) []network.Networks {
	out := make([]network.Networks, len(subnets))
	for i, n := range subnets {
		out[i] = network.Networks(n)
	}
	return out
}

// siteWire gives the wire form with the number of its devices, and the ETag.
func (a *API) siteWire(ctx context.Context, c *call, s network.Site, err error) (NetworkSite, error) {
	if err != nil {
		return NetworkSite{}, err
	}
	count, err := a.d.Devices.SiteCounts(ctx, a.d.DB, s.CustomerID)
	c.taggedLoosely(s.Version)
	return siteOf(count)(s), err
}

// SiteRef names the network site in a path.
type SiteRef struct {
	CustomerRef
	Site string `path:"site" doc:"Id of the network site"`
}

type listSitesIn struct {
	CustomerRef
	Paged
	Q    string `query:"q" maxLength:"200" doc:"Part of name, description or location name"`
	Name string `query:"name" maxLength:"128" doc:"Exactly this name, in any case"`
	Sort string `query:"sort" enum:"name,-name,created,-created"`
}

func (a *API) listSites(ctx context.Context, c *call, in *listSitesIn) (List[NetworkSite], error) {
	l, err := a.d.Networks.List(ctx, c.actor, in.Customer, network.Query{Text: in.Q, Name: in.Name, Page: in.page(in.Sort)})
	if err != nil {
		return List[NetworkSite]{}, err
	}
	count, err := a.d.Devices.SiteCounts(ctx, a.d.DB, in.Customer)
	return listOf(l.Items, l.Next, siteOf(count)), err
}

// NewNetworkSite is a site to add.
type NewNetworkSite struct {
	Name         string              `json:"name" maxLength:"128" doc:"Letters, digits, # . - _ ( ) [ ] and single spaces (DM-29)"`
	Description  string              `json:"description,omitempty" maxLength:"256"`
	LocationName string              `json:"location_name,omitempty" maxLength:"128"`
	DownloadPath string              `json:"download_path,omitempty" maxLength:"300"`
	Subnets      []NetworkSiteSubnet `json:"subnets" maxItems:"500"`
}

type createSiteIn struct {
	CustomerRef
	Body NewNetworkSite
}

func (a *API) createSite(ctx context.Context, c *call, in *createSiteIn) (NetworkSite, error) {
	b := in.Body
	s, err := a.d.Networks.Create(ctx, c.actor, in.Customer, network.New{Name: b.Name, Description: b.Description, LocationName: b.LocationName,
		DownloadPath: b.DownloadPath, Subnets: networksOf(b.Subnets)})
	if err == nil {
		c.created("/customers/"+in.Customer+"/network-sites/"+s.ID, s.Version)
	}
	return a.siteWire(ctx, c, s, err)
}

func (a *API) getSite(ctx context.Context, c *call, in *SiteRef) (NetworkSite, error) {
	s, err := a.d.Networks.Get(ctx, c.actor, in.Customer, in.Site)
	return a.siteWire(ctx, c, s, err)
}

// NetworkSiteChanges are the fields of a site that shall change; subnets replace all that it had.
type NetworkSiteChanges struct {
	Name         *string              `json:"name,omitempty" maxLength:"128"`
	Description  *string              `json:"description,omitempty" maxLength:"256"`
	LocationName *string              `json:"location_name,omitempty" maxLength:"128"`
	DownloadPath *string              `json:"download_path,omitempty" maxLength:"300"`
	Subnets      *[]NetworkSiteSubnet `json:"subnets,omitempty" maxItems:"500"`
}

type editSiteIn struct {
	SiteRef
	Body NetworkSiteChanges
}

func (a *API) editSite(ctx context.Context, c *call, in *editSiteIn) (NetworkSite, error) {
	b := in.Body
	p := network.Patch{Name: b.Name, Description: b.Description, LocationName: b.LocationName, DownloadPath: b.DownloadPath, IfVersion: c.ifVersion()}
	if b.Subnets != nil {
		n := networksOf(*b.Subnets)
		p.Subnets = &n
	}
	s, err := a.d.Networks.Edit(ctx, c.actor, in.Customer, in.Site, p)
	return a.siteWire(ctx, c, s, err)
}

func (a *API) deleteSite(ctx context.Context, c *call, in *SiteRef) (none, error) {
	return none{}, a.d.Networks.Delete(ctx, c.actor, in.Customer, in.Site, c.ifVersion())
}

// SeparatorOf is the separator of a CSV file as it stands in a query.
type SeparatorOf struct {
	Separator string `query:"separator" enum:"comma,semicolon,tab" doc:"Absent: what the header uses; an export uses the comma"`
}

func (s SeparatorOf) text() string {
	return map[string]string{"comma": ",", "semicolon": ";", "tab": "\t"}[s.Separator]
}

type importSitesIn struct {
	CustomerRef
	SeparatorOf
}

// SiteImport is the log of an import (DM-60). A long file is done in the background: then there is an operation, and this log is
// its result.
type SiteImport struct {
	Operation *Operation      `json:"operation" doc:"Of a file that is done in the background (202); else null"`
	Added     int             `json:"added"`
	Updated   int             `json:"updated"`
	Failed    int             `json:"failed"`
	Rows      []SiteImportRow `json:"rows" doc:"In the order of the file"`
}

// SiteImportRow is what became of one row.
type SiteImportRow struct {
	Line     int    `json:"line" doc:"Of the file; the header is line 1"`
	SiteName string `json:"site_name"`
	Outcome  string `json:"outcome" enum:"added,updated,failed"`
	Code     string `json:"code,omitempty" doc:"Of the fault"`
	Reason   string `json:"reason"`
}

func (a *API) importSites(ctx context.Context, c *call, in *importSitesIn) (SiteImport, error) {
	report, op, err := a.d.Networks.Import(ctx, c.actor, in.Customer, network.File{Data: c.body, Separator: in.text()})
	out := SiteImport{Rows: []SiteImportRow{}}
	switch {
	case err != nil:
		return out, err
	case report == nil:
		wire := operationWire(op)
		out.Operation = &wire
		c.status, c.location = http.StatusAccepted, "/operations/"+op.ID
		return out, nil
	}
	out.Added, out.Updated, out.Failed = report.Added, report.Updated, report.Failed
	for _, r := range report.Rows {
		out.Rows = append(out.Rows, SiteImportRow{Line: r.Line, SiteName: r.Site, Outcome: r.Outcome, Code: r.Code, Reason: r.Reason})
	}
	return out, nil
}

type exportSitesIn struct {
	CustomerRef
	SeparatorOf
}

// exportSites gives the sites as importSites takes them (DM-61). The file is made before the first byte goes out, so a refusal is a
// refusal; with 2000 sites it is small.
func (a *API) exportSites(ctx context.Context, c *call, in *exportSitesIn) (none, error) {
	var file bytes.Buffer
	if err := a.d.Networks.Export(ctx, c.actor, in.Customer, in.text(), &file); err != nil {
		return none{}, err
	}
	c.stream = func(w http.ResponseWriter) error {
		h := w.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
		h.Set("Content-Disposition", `attachment; filename="sites.csv"`)
		_, err := w.Write(file.Bytes())
		return err
	}
	return none{}, nil
}
