package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/subscriber"
)

// User is a person with exactly one base package.
type User struct {
	ID            string    `json:"id"`
	CustomerID    string    `json:"customer_id"`
	Email         string    `json:"email"`
	FirstName     string    `json:"first_name"`
	LastName      string    `json:"last_name"`
	DisplayName   string    `json:"display_name"`
	ExternalID    string    `json:"external_id"`
	Package       string    `json:"package" doc:"Code of the base package"`
	AddOns        []string  `json:"add_ons"`
	LocationID    string    `json:"location_id" doc:"Empty without calling, or in a customer without locations"`
	Extension     string    `json:"extension"`
	Number        string    `json:"number" doc:"E.164"`
	Status        string    `json:"status" enum:"provisioned,pending_user_migration"`
	Active        bool      `json:"active" doc:"false: a directory has switched the user off"`
	AccountID     string    `json:"account_id" doc:"Of the first user, who became administrator; else empty"`
	Created       time.Time `json:"created"`
	Updated       time.Time `json:"updated"`
	StatusChanged time.Time `json:"status_changed"`
}

func userOf(h subscriber.User) User {
	return User{ID: h.ID, CustomerID: h.CustomerID, Email: h.Email, FirstName: h.FirstName, LastName: h.LastName, DisplayName: h.DisplayName, ExternalID: h.ExternalID,
		Package: h.Package, AddOns: orEmpty(h.AddOns), LocationID: h.LocationID, Extension: h.Extension, Number: h.Number, Status: string(h.Status), Active: h.Active,
		AccountID: h.AccountID, Created: h.Created.Time, Updated: h.Updated.Time, StatusChanged: h.StatusChanged.Time}
}

// UserRef names the user in a path.
type UserRef struct {
	CustomerRef
	User string `path:"user" doc:"Id of the user"`
}

// NewUser is a user to add.
type NewUser struct {
	Email       string   `json:"email" maxLength:"254"`
	FirstName   string   `json:"first_name" maxLength:"64"`
	LastName    string   `json:"last_name" maxLength:"64"`
	DisplayName string   `json:"display_name,omitempty" maxLength:"128" doc:"Absent: first and last name"`
	ExternalID  string   `json:"external_id,omitempty" maxLength:"128" doc:"Unique within the customer"`
	Package     string   `json:"package" maxLength:"64" doc:"Code or alias of the base package"`
	AddOns      []string `json:"add_ons,omitempty" maxItems:"20"`
	LocationID  string   `json:"location_id,omitempty" maxLength:"64" doc:"With calling; absent: the only location"`
	Extension   string   `json:"extension,omitempty" maxLength:"10" doc:"With calling, this or number"`
	Number      string   `json:"number,omitempty" maxLength:"40" doc:"One of the location's free numbers"`
	AskConsent  bool     `json:"ask_consent,omitempty" doc:"A user of another organisation is asked by mail whether it wants to move, instead of refused"`
}

func (n NewUser) wish() subscriber.NewUser {
	return subscriber.NewUser{Email: n.Email, FirstName: n.FirstName, LastName: n.LastName, DisplayName: n.DisplayName, ExternalID: n.ExternalID, Package: n.Package, AddOns: n.AddOns,
		LocationID: n.LocationID, Extension: n.Extension, Number: n.Number, AskConsent: n.AskConsent}
}

func wishes(in []NewUser) []subscriber.NewUser {
	out := make([]subscriber.NewUser, len(in))
	for i, n := range in {
		out[i] = n.wish()
	}
	return out
}

type listUsersIn struct {
	CustomerRef
	Paged
	Q          string `query:"q" maxLength:"200" doc:"Part of name or e-mail address"`
	Email      string `query:"email" maxLength:"254" doc:"Exactly this address"`
	ExternalID string `query:"external_id" maxLength:"128" doc:"Exactly this one"`
	Package    string `query:"package" maxLength:"64"`
	Location   string `query:"location_id" maxLength:"64"`
	Status     string `query:"status" enum:"provisioned,pending_user_migration"`
	Active     string `query:"active" enum:"true,false"`
	Sort       string `query:"sort" enum:"name,-name,created,-created,status_changed,-status_changed"`
}

func (a *API) listUsers(ctx context.Context, c *call, in *listUsersIn) (List[User], error) {
	all, next, err := a.d.Subscriber.Users(ctx, c.actor, subscriber.HolderQuery{CustomerID: in.Customer, Text: in.Q, Email: in.Email, ExternalID: in.ExternalID, Package: in.Package,
		LocationID: in.Location, Status: subscriber.Status(in.Status), Active: yesNo(in.Active), Page: in.page(in.Sort)})
	return listOf(all, next, userOf), err
}

type createUserIn struct {
	CustomerRef
	Body NewUser
}

func (a *API) createUser(ctx context.Context, c *call, in *createUserIn) (User, error) {
	u, err := a.d.Subscriber.CreateUser(ctx, c.actor, in.Customer, in.Body.wish())
	if err == nil {
		c.created("/customers/"+in.Customer+"/users/"+u.ID, u.Version)
	}
	return userOf(u), err
}

func (a *API) getUser(ctx context.Context, c *call, in *UserRef) (User, error) {
	u, err := a.d.Subscriber.User(ctx, c.actor, in.Customer, in.User)
	c.tagged(u.Version)
	return userOf(u), err
}

// UserChanges are the fields of a user that shall change.
type UserChanges struct {
	Email       *string `json:"email,omitempty" maxLength:"254"`
	FirstName   *string `json:"first_name,omitempty" maxLength:"64"`
	LastName    *string `json:"last_name,omitempty" maxLength:"64"`
	DisplayName *string `json:"display_name,omitempty" maxLength:"128"`
	ExternalID  *string `json:"external_id,omitempty" maxLength:"128"`
	LocationID  *string `json:"location_id,omitempty" maxLength:"64"`
	Extension   *string `json:"extension,omitempty" maxLength:"10" doc:"Empty takes it away"`
	Number      *string `json:"number,omitempty" maxLength:"40" doc:"Empty gives it back"`
	Active      *bool   `json:"active,omitempty"`
}

type editUserIn struct {
	UserRef
	Body UserChanges
}

func (a *API) editUser(ctx context.Context, c *call, in *editUserIn) (User, error) {
	b := in.Body
	u, err := a.d.Subscriber.EditUser(ctx, c.actor, in.Customer, in.User, subscriber.HolderPatch{Email: b.Email, FirstName: b.FirstName, LastName: b.LastName, DisplayName: b.DisplayName,
		ExternalID: b.ExternalID, LocationID: b.LocationID, Extension: b.Extension, Number: b.Number, Active: b.Active, IfVersion: c.ifVersion()})
	c.tagged(u.Version)
	return userOf(u), err
}

// PackageSet is another package or other add-ons.
type PackageSet struct {
	Package    string    `json:"package,omitempty" maxLength:"64" doc:"Absent: the present one"`
	AddOns     *[]string `json:"add_ons,omitempty" maxItems:"20" doc:"All that it shall have; absent: as they are"`
	LocationID string    `json:"location_id,omitempty" maxLength:"64" doc:"When calling is gained"`
	Extension  string    `json:"extension,omitempty" maxLength:"10" doc:"When calling is gained"`
	Number     string    `json:"number,omitempty" maxLength:"40" doc:"When calling is gained"`
	Confirm    bool      `json:"confirm,omitempty" doc:"Losing calling gives number, extension and lines back"`
	Cascade    bool      `json:"cascade,omitempty" doc:"Add-ons that do not fit go too"`
}

func (b PackageSet) change(version int64) subscriber.PackageChange {
	return subscriber.PackageChange{Package: b.Package, AddOns: b.AddOns, LocationID: b.LocationID, Extension: b.Extension, Number: b.Number, Confirm: b.Confirm, Cascade: b.Cascade, IfVersion: version}
}

type packageUserIn struct {
	UserRef
	Body PackageSet
}

func (a *API) packageUser(ctx context.Context, c *call, in *packageUserIn) (User, error) {
	u, err := a.d.Subscriber.SetPackage(ctx, c.actor, in.Customer, in.User, in.Body.change(c.ifVersion()))
	c.tagged(u.Version)
	return userOf(u), err
}

func (a *API) askUserConsent(ctx context.Context, c *call, in *UserRef) (User, error) {
	u, err := a.d.Subscriber.AskAgain(ctx, c.actor, in.Customer, in.User)
	return userOf(u), err
}

func (a *API) deleteUser(ctx context.Context, c *call, in *UserRef) (none, error) {
	return none{}, a.d.Subscriber.DeleteUser(ctx, c.actor, in.Customer, in.User, c.ifVersion())
}

// UserBatch is what became of each user, in the order of the request.
type UserBatch struct {
	Made   int          `json:"made"`
	Failed int          `json:"failed"`
	Items  []UserResult `json:"items"`
}

// UserResult is what became of one user.
type UserResult struct {
	Status int         `json:"status" doc:"As a request of its own would have answered: 201, or why not"`
	User   *User       `json:"user" doc:"null when it was refused"`
	Code   string      `json:"code" doc:"Of the refusal; else empty"`
	Detail string      `json:"detail"`
	Fields []UserFault `json:"errors"`
}

// UserFault is a fault of one field, or a warning about it.
type UserFault struct {
	Field    string `json:"field"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Severity string `json:"severity" enum:"error,warning"`
}

func faultsOf(in []subscriber.Finding) []UserFault {
	out := make([]UserFault, len(in))
	for i, f := range in {
		out[i] = UserFault{Field: f.Field, Code: f.Code, Message: f.Message, Severity: string(f.Severity)}
	}
	return out
}

func batchOf(all []subscriber.Result) UserBatch {
	out := UserBatch{Items: make([]UserResult, len(all))}
	for i, r := range all {
		x := &out.Items[i]
		x.Fields = faultsOf(r.Findings)
		if r.Err == nil {
			u := userOf(r.User)
			x.User, x.Status = &u, http.StatusCreated
			out.Made++
			continue
		}
		e := errs.As(r.Err)
		x.Status, x.Code, x.Detail = httpx.Status(e.Kind), e.Code, e.Message
		out.Failed++
	}
	return out
}

// UsersByHand is what one form adds (WS-132).
type UsersByHand struct {
	Users []NewUser `json:"users" minItems:"1" maxItems:"25"`
}

type addUsersIn struct {
	CustomerRef
	Body UsersByHand
}

func (a *API) addUsers(ctx context.Context, c *call, in *addUsersIn) (UserBatch, error) {
	all, err := a.d.Subscriber.CreateUsers(ctx, c.actor, in.Customer, wishes(in.Body.Users))
	return batchOf(all), err
}

// UsersInBulk is what one request adds.
type UsersInBulk struct {
	Users []NewUser `json:"users" minItems:"1" maxItems:"1000"`
}

type bulkUsersIn struct {
	CustomerRef
	Body UsersInBulk
}

func (a *API) bulkUsers(ctx context.Context, c *call, in *bulkUsersIn) (UserBatch, error) {
	all, err := a.d.Subscriber.CreateUsers(ctx, c.actor, in.Customer, wishes(in.Body.Users))
	return batchOf(all), err
}

// UserCheck is what creating each of the users would say, in the order of the request.
type UserCheck struct {
	OK    bool            `json:"ok" doc:"All of them could be created"`
	Items []UserCheckItem `json:"items"`
}

// UserCheckItem is what creating one user would say.
type UserCheckItem struct {
	OK       bool        `json:"ok"`
	Findings []UserFault `json:"findings"`
}

func (a *API) checkUsers(ctx context.Context, c *call, in *bulkUsersIn) (UserCheck, error) {
	all, err := a.d.Subscriber.CheckUsers(ctx, c.actor, in.Customer, wishes(in.Body.Users))
	out := UserCheck{OK: true, Items: make([]UserCheckItem, len(all))}
	for i, fs := range all {
		out.Items[i] = UserCheckItem{OK: true, Findings: faultsOf(fs)}
		for _, f := range fs {
			if f.Severity == subscriber.Error {
				out.OK, out.Items[i].OK = false, false
			}
		}
	}
	return out, err
}

type importUsersIn struct {
	CustomerRef
	SeparatorOf
	Mapping string `query:"mapping" maxLength:"2000" doc:"Which header of the file stands for a column, as column=header pairs with semicolons between: email=Mail;last_name=Surname. Other headers are ignored then"`
}

// UserImport is the log of an import. A long file is done in the background: then there is an operation, and this log is its result.
type UserImport struct {
	Operation *Operation      `json:"operation" doc:"Of a file that is done in the background (202); else null"`
	Added     int             `json:"added"`
	Updated   int             `json:"updated"`
	Unchanged int             `json:"unchanged"`
	Failed    int             `json:"failed"`
	Rows      []UserImportRow `json:"rows" doc:"In the order of the file"`
}

// UserImportRow is what became of one row.
type UserImportRow struct {
	Line    int    `json:"line" doc:"Of the file; the header is line 1"`
	Outcome string `json:"outcome" enum:"added,updated,unchanged,failed"`
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

var errMapping = errs.BadField("mapping", "bad_mapping", "Write column=header pairs with semicolons between them.")

func (a *API) importUsers(ctx context.Context, c *call, in *importUsersIn) (UserImport, error) {
	out := UserImport{Rows: []UserImportRow{}}
	f := subscriber.ImportFile{Data: c.body, Separator: in.text(), Mapping: map[string]string{}}
	for pair := range bytes.SplitSeq([]byte(in.Mapping), []byte(";")) {
		column, header, ok := bytes.Cut(pair, []byte("="))
		switch {
		case len(bytes.TrimSpace(pair)) == 0:
		case !ok:
			return out, errMapping
		default:
			f.Mapping[string(bytes.TrimSpace(column))] = string(bytes.TrimSpace(header))
		}
	}
	report, op, err := a.d.Subscriber.ImportUsers(ctx, c.actor, in.Customer, f)
	switch {
	case err != nil:
		return out, err
	case report == nil:
		wire := operationWire(op)
		out.Operation = &wire
		c.status, c.location = http.StatusAccepted, "/operations/"+op.ID
		return out, nil
	}
	out.Added, out.Updated, out.Unchanged, out.Failed = report.Added, report.Updated, report.Unchanged, report.Failed
	for _, r := range report.Rows {
		out.Rows = append(out.Rows, UserImportRow(r))
	}
	return out, nil
}

func (a *API) exportUsers(ctx context.Context, c *call, in *CustomerRef) (none, error) {
	var file bytes.Buffer
	if err := a.d.Subscriber.ExportUsers(ctx, c.actor, in.Customer, &file); err != nil {
		return none{}, err
	}
	c.stream = func(w http.ResponseWriter) error {
		h := w.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
		h.Set("Content-Disposition", `attachment; filename="users.csv"`)
		_, err := w.Write(file.Bytes())
		return err
	}
	return none{}, nil
}
