package api

import (
	"context"
	"net/http"
	"time"

	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/subscriber"
)

// Number is a phone number of a customer's inventory.
type Number struct {
	ID         string    `json:"id"`
	Number     string    `json:"number" doc:"E.164" example:"+493012345"`
	CustomerID string    `json:"customer_id"`
	LocationID string    `json:"location_id" doc:"Empty: in the customer's pool"`
	HolderID   string    `json:"holder_id" doc:"Id of the user or workspace that has it; empty: available"`
	HolderKind string    `json:"holder_kind" doc:"user or workspace; empty: available"`
	State      string    `json:"state" enum:"available,assigned"`
	Main       bool      `json:"main" doc:"The main number of its location"`
	Created    time.Time `json:"created"`
	Updated    time.Time `json:"updated"`
}

func numberOf(n subscriber.Number) Number {
	return Number{ID: n.ID, Number: n.Number, CustomerID: n.CustomerID, LocationID: n.LocationID, HolderID: n.HolderID, HolderKind: string(n.HolderKind), State: n.State(),
		Main: n.Main, Created: n.Created.Time, Updated: n.Updated.Time}
}

// NumberRef names the number in a path.
type NumberRef struct {
	CustomerRef
	Number string `path:"number" doc:"Id of the number, or the number itself"`
}

type listNumbersIn struct {
	CustomerRef
	Paged
	Q        string `query:"q" maxLength:"40" doc:"Digits that it contains"`
	Location string `query:"location_id" maxLength:"64"`
	Holder   string `query:"holder_id" maxLength:"64"`
	Pool     string `query:"pool" enum:"true" doc:"Only those without a location"`
	State    string `query:"state" enum:"available,assigned"`
	Sort     string `query:"sort" enum:"number,-number,created,-created"`
}

func (a *API) listNumbers(ctx context.Context, c *call, in *listNumbersIn) (List[Number], error) {
	all, next, err := a.d.Subscriber.Numbers(ctx, c.actor, in.Customer, subscriber.NumberQuery{LocationID: in.Location, HolderID: in.Holder, Pool: in.Pool == "true", State: in.State,
		Text: in.Q, Page: in.page(in.Sort)})
	return listOf(all, next, numberOf), err
}

// NewNumbers are numbers for the inventory.
type NewNumbers struct {
	LocationID string        `json:"location_id,omitempty" maxLength:"64" doc:"Absent: into the customer's pool"`
	Numbers    []string      `json:"numbers,omitempty" maxItems:"10000" doc:"E.164, or as they are written in the customer's country"`
	Ranges     []NumberRange `json:"ranges,omitempty" maxItems:"100"`
}

// NumberRange is a run of numbers, both ends included.
type NumberRange struct {
	First string `json:"first" maxLength:"40"`
	Last  string `json:"last" maxLength:"40"`
}

// NumberBatch is what became of each number.
type NumberBatch struct {
	Added  int            `json:"added"`
	Failed int            `json:"failed"`
	Items  []NumberResult `json:"items"`
}

// NumberResult is what became of one number.
type NumberResult struct {
	Given  string  `json:"given"`
	Status int     `json:"status" doc:"201, or why not"`
	Number *Number `json:"number" doc:"null when it was refused"`
	Code   string  `json:"code"`
	Detail string  `json:"detail"`
}

type addNumbersIn struct {
	CustomerRef
	Body NewNumbers
}

func (a *API) addNumbers(ctx context.Context, c *call, in *addNumbersIn) (NumberBatch, error) {
	n := subscriber.NewNumbers{LocationID: in.Body.LocationID}
	for _, x := range in.Body.Numbers {
		n.Ranges = append(n.Ranges, subscriber.NumberRange{First: x})
	}
	for _, r := range in.Body.Ranges {
		n.Ranges = append(n.Ranges, subscriber.NumberRange(r))
	}
	all, err := a.d.Subscriber.AddNumbers(ctx, c.actor, in.Customer, n)
	out := NumberBatch{Items: make([]NumberResult, len(all))}
	for i, r := range all {
		x := &out.Items[i]
		x.Given = r.Text
		if r.Err == nil {
			w := numberOf(r.Number)
			x.Number, x.Status = &w, http.StatusCreated
			out.Added++
			continue
		}
		e := errs.As(r.Err)
		x.Status, x.Code, x.Detail = httpx.Status(e.Kind), e.Code, e.Message
		out.Failed++
	}
	return out, err
}

func (a *API) getNumber(ctx context.Context, c *call, in *NumberRef) (Number, error) {
	n, err := a.d.Subscriber.Number(ctx, c.actor, in.Customer, in.Number)
	c.tagged(n.Version)
	return numberOf(n), err
}

// NumberChanges move a number.
type NumberChanges struct {
	LocationID *string `json:"location_id,omitempty" maxLength:"64" doc:"Empty: back into the customer's pool"`
	HolderID   *string `json:"holder_id,omitempty" maxLength:"64" doc:"Empty: available again"`
	Main       *bool   `json:"main,omitempty"`
}

type editNumberIn struct {
	NumberRef
	Body NumberChanges
}

func (a *API) editNumber(ctx context.Context, c *call, in *editNumberIn) (Number, error) {
	n, err := a.d.Subscriber.EditNumber(ctx, c.actor, in.Customer, in.Number, subscriber.NumberPatch{LocationID: in.Body.LocationID, HolderID: in.Body.HolderID, Main: in.Body.Main,
		IfVersion: c.ifVersion()})
	c.tagged(n.Version)
	return numberOf(n), err
}

func (a *API) deleteNumber(ctx context.Context, c *call, in *NumberRef) (none, error) {
	return none{}, a.d.Subscriber.DeleteNumber(ctx, c.actor, in.Customer, in.Number, c.ifVersion())
}
