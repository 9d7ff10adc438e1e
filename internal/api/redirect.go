package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"linecard/internal/redirect"
	"linecard/internal/secret"
)

// RedirectServer is an address to which phones are sent (CH-35).
type RedirectServer struct {
	ID             string    `json:"id"`
	CustomerID     string    `json:"customer_id"`
	Name           string    `json:"name"`
	URL            string    `json:"url"`
	User           string    `json:"user" doc:"POST …/reveal shows the password"`
	CertificateURL string    `json:"certificate_url" doc:"Where phones find the certificate to trust there"`
	EntryCount     int64     `json:"entry_count" doc:"How many phones are sent there"`
	Created        time.Time `json:"created"`
	Updated        time.Time `json:"updated"`
}

func redirectServerOf(v redirect.Server) RedirectServer {
	return RedirectServer{ID: v.ID, CustomerID: v.CustomerID, Name: v.Name, URL: v.URL, User: v.User, CertificateURL: v.CertificateURL, EntryCount: v.Entries, Created: v.Created.Time, Updated: v.Updated.Time}
}

// RedirectServerRef names the server in a path.
type RedirectServerRef struct {
	CustomerRef
	Server string `path:"server" doc:"Id of the redirect server"`
}

type listRedirectServersIn struct {
	CustomerRef
	Paged
	Q    string `query:"q" maxLength:"200" doc:"Part of name or address"`
	Sort string `query:"sort" enum:"name,-name,created,-created"`
}

func (a *API) listRedirectServers(ctx context.Context, c *call, in *listRedirectServersIn) (List[RedirectServer], error) {
	all, next, err := a.d.Redirect.Servers(ctx, c.actor, in.Customer, in.Q, in.page(in.Sort))
	return listOf(all, next, redirectServerOf), err
}

// NewRedirectServer is a server to add.
type NewRedirectServer struct {
	Name           string     `json:"name" maxLength:"64"`
	URL            string     `json:"url" maxLength:"512" doc:"http, https, tftp or ftp; {mac}, {model} and {enterprise} are filled in (CH-38)"`
	User           string     `json:"user,omitempty" maxLength:"64"`
	Password       secretText `json:"password,omitempty" maxLength:"128"`
	CertificateURL string     `json:"certificate_url,omitempty" maxLength:"512"`
}

type createRedirectServerIn struct {
	CustomerRef
	Body NewRedirectServer
}

func (a *API) createRedirectServer(ctx context.Context, c *call, in *createRedirectServerIn) (RedirectServer, error) {
	b := in.Body
	v, err := a.d.Redirect.CreateServer(ctx, c.actor, in.Customer, redirect.NewServer{Name: b.Name, URL: b.URL, User: b.User, CertificateURL: b.CertificateURL, Password: secret.Hide(string(b.Password))})
	if err == nil {
		c.created("/customers/"+in.Customer+"/redirect-servers/"+v.ID, v.Version)
	}
	return redirectServerOf(v), err
}

func (a *API) getRedirectServer(ctx context.Context, c *call, in *RedirectServerRef) (RedirectServer, error) {
	v, err := a.d.Redirect.GetServer(ctx, c.actor, in.Customer, in.Server)
	c.taggedLoosely(v.Version)
	return redirectServerOf(v), err
}

// RedirectServerChanges are the fields that shall change.
type RedirectServerChanges struct {
	Name           *string     `json:"name,omitempty" maxLength:"64"`
	URL            *string     `json:"url,omitempty" maxLength:"512"`
	User           *string     `json:"user,omitempty" maxLength:"64" doc:"Empty takes the password away too"`
	Password       *secretText `json:"password,omitempty" maxLength:"128"`
	CertificateURL *string     `json:"certificate_url,omitempty" maxLength:"512"`
}

type editRedirectServerIn struct {
	RedirectServerRef
	Body RedirectServerChanges
}

func hidden(s *secretText) *secret.String {
	if s == nil {
		return nil
	}
	h := secret.Hide(string(*s))
	return &h
}

func (a *API) editRedirectServer(ctx context.Context, c *call, in *editRedirectServerIn) (RedirectServer, error) {
	b := in.Body
	v, err := a.d.Redirect.EditServer(ctx, c.actor, in.Customer, in.Server, redirect.ServerPatch{Name: b.Name, URL: b.URL, User: b.User, CertificateURL: b.CertificateURL, Password: hidden(b.Password), IfVersion: c.ifVersion()})
	c.taggedLoosely(v.Version)
	return redirectServerOf(v), err
}

func (a *API) deleteRedirectServer(ctx context.Context, c *call, in *RedirectServerRef) (none, error) {
	return none{}, a.d.Redirect.DeleteServer(ctx, c.actor, in.Customer, in.Server, c.ifVersion())
}

func (a *API) revealRedirectServer(ctx context.Context, c *call, in *RedirectServerRef) (Credential, error) {
	x, err := a.d.Redirect.RevealServer(ctx, c.actor, in.Customer, in.Server)
	return Credential{User: x.User, Password: x.Password.Reveal()}, err
}

// RedirectEntry says where one phone is sent (CH-34, CH-36).
type RedirectEntry struct {
	ID           string       `json:"id"`
	CustomerID   string       `json:"customer_id"`
	CustomerName string       `json:"customer_name"`
	MAC          string       `json:"mac"`
	Maker        string       `json:"maker" doc:"Told by the MAC when nobody entered it; empty when nothing tells"`
	Model        string       `json:"model"`
	Serial       string       `json:"serial" doc:"Some makers' clouds take a phone only with it"`
	ServerID     string       `json:"server_id"`
	ServerName   string       `json:"server_name"`
	ServerURL    string       `json:"server_url"`
	UniqueURL    string       `json:"unique_url" doc:"Wins over the server's (CH-38)"`
	EffectiveURL string       `json:"effective_url" doc:"What is handed out"`
	User         string       `json:"user" doc:"Of the unique URL; POST …/reveal shows the password"`
	Remark       string       `json:"remark"`
	Enabled      bool         `json:"enabled" doc:"Otherwise the phone is answered 403"`
	State        string       `json:"state" enum:"added,contacted"`
	Proof        string       `json:"proof" enum:"none,certificate,operator" doc:"What the claim on the MAC rests on"`
	OpenUntil    *time.Time   `json:"open_until" doc:"Until then the phone is answered without its maker's certificate"`
	LastIP       string       `json:"last_ip"`
	LastTime     *time.Time   `json:"last_time"`
	LastResult   int          `json:"last_result" doc:"Status of the last answer; 0 before the first"`
	Contacts     int64        `json:"contacts"`
	Push         RedirectPush `json:"push"`
	Created      time.Time    `json:"created"`
	Updated      time.Time    `json:"updated"`
}

// RedirectPush is how far an entry is on its way to its maker's cloud (CH-40).
type RedirectPush struct {
	State  string     `json:"state" enum:"pending,pushed,refused,not_pushed"`
	Code   string     `json:"code" doc:"Why it is refused or not pushed: no_connector, connector_dry_run, claimed_elsewhere, serial_required, does_not_fit, cloud_refused, or cloud_ and the maker's own code"`
	Reason string     `json:"reason" doc:"The cloud's own words"`
	Drift  string     `json:"drift" enum:",missing,differs" doc:"What was found when the cloud was last read back"`
	At     *time.Time `json:"at"`
}

func redirectEntryOf(e redirect.Entry) RedirectEntry {
	w := RedirectEntry{ID: e.ID, CustomerID: e.CustomerID, CustomerName: e.CustomerName, MAC: e.MAC.String(), Maker: e.Maker, Model: e.Model, Serial: e.Serial, ServerID: e.ServerID,
		ServerName: e.ServerName, ServerURL: e.ServerURL, UniqueURL: e.UniqueURL, EffectiveURL: e.EffectiveURL, User: e.User, Remark: e.Remark, Enabled: e.Enabled, State: "added",
		Proof: string(e.Proof), OpenUntil: when(e.Window), LastIP: e.Contact.IP, LastTime: when(e.Contact.At), LastResult: e.Contact.Result, Contacts: e.Contact.Times,
		Push:    RedirectPush{State: string(e.Push.State), Code: e.Push.Code, Reason: e.Push.Reason, Drift: e.Push.Drift, At: when(e.Push.At)},
		Created: e.Created.Time, Updated: e.Updated.Time}
	if w.Proof == "" {
		w.Proof = "none"
	}
	if e.Contact.Times > 0 {
		w.State = "contacted"
	}
	return w
}

// RedirectEntryRef names the entry in a path.
type RedirectEntryRef struct {
	CustomerRef
	Entry string `path:"entry" doc:"Id of the redirect entry"`
}

// RedirectFilter are the filters of lists of entries.
type RedirectFilter struct {
	Paged
	Q        string `query:"q" maxLength:"200" doc:"Parts of MAC, unique URL, serial number, model or remark"`
	ServerID string `query:"server_id" maxLength:"64"`
	Maker    string `query:"maker" maxLength:"32"`
	Push     string `query:"push" enum:"pending,pushed,refused,not_pushed"`
	Sort     string `query:"sort" enum:"mac,-mac,created,-created"`
}

func (f RedirectFilter) query() redirect.EntryQuery {
	return redirect.EntryQuery{Text: f.Q, ServerID: f.ServerID, Maker: f.Maker, State: redirect.PushState(f.Push), Page: f.page(f.Sort)}
}

type listRedirectEntriesIn struct {
	CustomerRef
	RedirectFilter
}

func (a *API) listRedirectEntries(ctx context.Context, c *call, in *listRedirectEntriesIn) (List[RedirectEntry], error) {
	all, next, err := a.d.Redirect.Entries(ctx, c.actor, in.Customer, in.query())
	return listOf(all, next, redirectEntryOf), err
}

type listAllRedirectEntriesIn struct {
	RedirectFilter
	CustomerID string `query:"customer_id" maxLength:"64"`
}

// listAllRedirectEntries are those of all customers that the caller may see (CH-34).
func (a *API) listAllRedirectEntries(ctx context.Context, c *call, in *listAllRedirectEntriesIn) (List[RedirectEntry], error) {
	by := in.query()
	by.CustomerID = in.CustomerID
	all, next, err := a.d.Redirect.AllEntries(ctx, c.actor, by)
	return listOf(all, next, redirectEntryOf), err
}

// NewRedirectEntry is an entry to add; a server or a unique URL is needed.
type NewRedirectEntry struct {
	MAC       string     `json:"mac" maxLength:"32"`
	Maker     string     `json:"maker,omitempty" maxLength:"32"`
	Model     string     `json:"model,omitempty" maxLength:"64"`
	Serial    string     `json:"serial,omitempty" maxLength:"128"`
	ServerID  string     `json:"server_id,omitempty" maxLength:"64"`
	UniqueURL string     `json:"unique_url,omitempty" maxLength:"256"`
	User      string     `json:"user,omitempty" maxLength:"64"`
	Password  secretText `json:"password,omitempty" maxLength:"128"`
	Remark    string     `json:"remark,omitempty" maxLength:"256"`
}

type createRedirectEntryIn struct {
	CustomerRef
	Body NewRedirectEntry
}

func (a *API) createRedirectEntry(ctx context.Context, c *call, in *createRedirectEntryIn) (RedirectEntry, error) {
	b := in.Body
	e, err := a.d.Redirect.CreateEntry(ctx, c.actor, in.Customer, redirect.NewEntry{MAC: b.MAC, Maker: b.Maker, Model: b.Model, Serial: b.Serial, ServerID: b.ServerID, UniqueURL: b.UniqueURL,
		User: b.User, Password: secret.Hide(string(b.Password)), Remark: b.Remark})
	if err == nil {
		c.created("/customers/"+in.Customer+"/redirect-entries/"+e.ID, e.Version)
	}
	return a.redirectEntry(c, e, err)
}

func (a *API) redirectEntry(c *call, e redirect.Entry, err error) (RedirectEntry, error) {
	c.taggedLoosely(e.Version)
	return redirectEntryOf(e), err
}

func (a *API) getRedirectEntry(ctx context.Context, c *call, in *RedirectEntryRef) (RedirectEntry, error) {
	e, err := a.d.Redirect.GetEntry(ctx, c.actor, in.Customer, in.Entry)
	return a.redirectEntry(c, e, err)
}

// RedirectEntryChanges are the fields that shall change; the MAC stays.
type RedirectEntryChanges struct {
	Maker     *string     `json:"maker,omitempty" maxLength:"32"`
	Model     *string     `json:"model,omitempty" maxLength:"64"`
	Serial    *string     `json:"serial,omitempty" maxLength:"128"`
	ServerID  *string     `json:"server_id,omitempty" maxLength:"64" doc:"Empty detaches"`
	UniqueURL *string     `json:"unique_url,omitempty" maxLength:"256"`
	User      *string     `json:"user,omitempty" maxLength:"64"`
	Password  *secretText `json:"password,omitempty" maxLength:"128"`
	Remark    *string     `json:"remark,omitempty" maxLength:"256"`
	Enabled   *bool       `json:"enabled,omitempty"`
}

type editRedirectEntryIn struct {
	RedirectEntryRef
	Body RedirectEntryChanges
}

func (a *API) editRedirectEntry(ctx context.Context, c *call, in *editRedirectEntryIn) (RedirectEntry, error) {
	b := in.Body
	e, err := a.d.Redirect.EditEntry(ctx, c.actor, in.Customer, in.Entry, redirect.EntryPatch{Maker: b.Maker, Model: b.Model, Serial: b.Serial, ServerID: b.ServerID, UniqueURL: b.UniqueURL,
		User: b.User, Password: hidden(b.Password), Remark: b.Remark, Enabled: b.Enabled, IfVersion: c.ifVersion()})
	return a.redirectEntry(c, e, err)
}

func (a *API) deleteRedirectEntry(ctx context.Context, c *call, in *RedirectEntryRef) (none, error) {
	return none{}, a.d.Redirect.DeleteEntry(ctx, c.actor, in.Customer, in.Entry, c.ifVersion())
}

// RedirectWindow is for how long a phone is answered without its maker's certificate.
type RedirectWindow struct {
	Hours int `json:"hours,omitempty" minimum:"0" maximum:"168" doc:"0 or absent: 24"`
}

type openRedirectEntryIn struct {
	RedirectEntryRef
	Body RedirectWindow
}

func (a *API) openRedirectEntry(ctx context.Context, c *call, in *openRedirectEntryIn) (RedirectEntry, error) {
	e, err := a.d.Redirect.OpenWindow(ctx, c.actor, in.Customer, in.Entry, time.Duration(in.Body.Hours)*time.Hour, c.ifVersion())
	return a.redirectEntry(c, e, err)
}

func (a *API) closeRedirectEntry(ctx context.Context, c *call, in *RedirectEntryRef) (RedirectEntry, error) {
	e, err := a.d.Redirect.CloseWindow(ctx, c.actor, in.Customer, in.Entry, c.ifVersion())
	return a.redirectEntry(c, e, err)
}

func (a *API) pushRedirectEntry(ctx context.Context, c *call, in *RedirectEntryRef) (RedirectEntry, error) {
	e, err := a.d.Redirect.PushAgain(ctx, c.actor, in.Customer, in.Entry, c.ifVersion())
	return a.redirectEntry(c, e, err)
}

func (a *API) revealRedirectEntry(ctx context.Context, c *call, in *RedirectEntryRef) (Credential, error) {
	x, err := a.d.Redirect.RevealEntry(ctx, c.actor, in.Customer, in.Entry)
	return Credential{User: x.User, Password: x.Password.Reveal()}, err
}

// RedirectContact is one contact of a phone (CH-39).
type RedirectContact struct {
	Time        time.Time `json:"time"`
	IP          string    `json:"ip"`
	File        string    `json:"file"`
	Result      int       `json:"result" doc:"Status of the answer"`
	Certificate bool      `json:"certificate" doc:"The phone showed its maker's certificate"`
}

type listRedirectContactsIn struct {
	RedirectEntryRef
	Paged
	Result int `query:"result" minimum:"0" maximum:"599" doc:"Only answers with this status"`
}

func (a *API) listRedirectContacts(ctx context.Context, c *call, in *listRedirectContactsIn) (List[RedirectContact], error) {
	all, next, err := a.d.Redirect.Log(ctx, c.actor, in.Customer, in.Entry, in.Result, in.page(""))
	return listOf(all, next, func(l redirect.LogLine) RedirectContact {
		return RedirectContact{l.At.Time, l.IP, l.File, l.Result, l.Proven}
	}), err
}

// RedirectBulk is a change of many entries at once: all of them or none.
type RedirectBulk struct {
	IDs      []string `json:"ids" minItems:"1" maxItems:"500"`
	Action   string   `json:"action" enum:"delete,open,close,push,enable,disable,server"`
	ServerID string   `json:"server_id,omitempty" maxLength:"64" doc:"Of the action server"`
}

type bulkRedirectEntriesIn struct {
	CustomerRef
	Body RedirectBulk
}

// RedirectBulkDone says how many entries were changed.
type RedirectBulkDone struct {
	Changed int `json:"changed"`
}

func (a *API) bulkRedirectEntries(ctx context.Context, c *call, in *bulkRedirectEntriesIn) (RedirectBulkDone, error) {
	n, err := a.d.Redirect.ApplyBulk(ctx, c.actor, in.Customer, redirect.Bulk(in.Body))
	return RedirectBulkDone{n}, err
}

type importRedirectEntriesIn struct {
	CustomerRef
	SeparatorOf
	Mode      string `query:"mode" enum:"skip,overwrite" default:"skip" doc:"What becomes of a MAC that the customer has already"`
	AllOrNone bool   `query:"all_or_none" doc:"One bad row and nothing is written; at most 1,000 rows"`
}

// RedirectImport is the log of an import (CH-36). A long file is done in the background: then there is an operation, and this log
// is its result.
type RedirectImport struct {
	Operation *Operation          `json:"operation" doc:"Of a file that is done in the background (202); else null"`
	Added     int                 `json:"added"`
	Updated   int                 `json:"updated"`
	Skipped   int                 `json:"skipped"`
	Failed    int                 `json:"failed"`
	Rows      []RedirectImportRow `json:"rows" doc:"In the order of the file"`
}

// RedirectImportRow is what became of one row.
type RedirectImportRow struct {
	Line    int    `json:"line" doc:"Of the file; the header is line 1"`
	MAC     string `json:"mac"`
	Outcome string `json:"outcome" enum:"added,updated,unchanged,skipped,failed,not_done"`
	Field   string `json:"field,omitempty" doc:"Column of the fault"`
	Code    string `json:"code,omitempty" doc:"Of the fault"`
	Reason  string `json:"reason"`
}

func (a *API) importRedirectEntries(ctx context.Context, c *call, in *importRedirectEntriesIn) (RedirectImport, error) {
	report, op, err := a.d.Redirect.Import(ctx, c.actor, in.Customer, redirect.Sheet{Data: c.body, Separator: in.text(), Overwrite: in.Mode == "overwrite", AllOrNone: in.AllOrNone})
	out := RedirectImport{Rows: []RedirectImportRow{}}
	switch {
	case err != nil:
		return out, err
	case report == nil:
		wire := operationWire(op)
		out.Operation = &wire
		c.status, c.location = http.StatusAccepted, "/operations/"+op.ID
		return out, nil
	}
	out.Added, out.Updated, out.Skipped, out.Failed = report.Added, report.Updated, report.Skipped, report.Failed
	for _, r := range report.Rows {
		out.Rows = append(out.Rows, RedirectImportRow(r))
	}
	return out, nil
}

type exportRedirectEntriesIn struct {
	CustomerRef
	SeparatorOf
	Format string `query:"format" enum:"linecard,maker,template" default:"linecard" doc:"linecard: as import takes it. maker: MAC, serial number and address for a maker's own portal. template: the header alone"`
	Maker  string `query:"maker" maxLength:"32" doc:"Only entries of this maker"`
}

// exportRedirectEntries makes the file before the first byte goes out, so that a refusal is a refusal. No password is in it.
func (a *API) exportRedirectEntries(ctx context.Context, c *call, in *exportRedirectEntriesIn) (none, error) {
	var file bytes.Buffer
	if err := a.d.Redirect.Export(ctx, c.actor, in.Customer, in.text(), in.Format, in.Maker, &file); err != nil {
		return none{}, err
	}
	c.stream = func(w http.ResponseWriter) error {
		h := w.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
		h.Set("Content-Disposition", `attachment; filename="redirect-entries.csv"`)
		_, err := w.Write(file.Bytes())
		return err
	}
	return none{}, nil
}
