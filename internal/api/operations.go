package api

import (
	"context"
	"encoding/json"
	"time"

	"linecard/internal/db"
	"linecard/internal/operation"
)

// Operation is a piece of long work that was answered with 202.
type Operation struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	State    string          `json:"state" enum:"pending,running,succeeded,failed,cancelled"`
	Progress Progress        `json:"progress"`
	Result   any             `json:"result" doc:"Of an operation that succeeded; else null"`
	Error    *OperationError `json:"error" doc:"Of an operation that failed; else null"`
	TenantID string          `json:"tenant_id"`
	Created  time.Time       `json:"created"`
	Started  *time.Time      `json:"started"`
	Finished *time.Time      `json:"finished"`
}

// Progress is how far the work is; both are 0 while nothing is known.
type Progress struct {
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// OperationError is why an operation failed.
type OperationError struct {
	Code   string                `json:"code"`
	Detail string                `json:"detail"`
	Errors []OperationFieldError `json:"errors"`
}

// OperationFieldError is the fault of one field.
type OperationFieldError struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func operationWire(o operation.Operation) Operation {
	out := Operation{ID: o.ID, Kind: o.Kind, State: string(o.State), Progress: Progress{o.Done, o.Total}, TenantID: o.TenantID,
		Created: o.Created.Time, Started: when(o.Started), Finished: when(o.Finished)}
	if o.Result != "" {
		out.Result = json.RawMessage(o.Result)
	}
	if o.Fault.Code != "" {
		e := OperationError{Code: o.Fault.Code, Detail: o.Fault.Message, Errors: []OperationFieldError{}}
		for _, f := range o.Fault.Fields {
			e.Errors = append(e.Errors, OperationFieldError{f.Name, f.Code, f.Message})
		}
		out.Error = &e
	}
	return out
}

// OperationRef names the operation in a path.
type OperationRef struct {
	Operation string `path:"operation" doc:"Id of the operation"`
}

type listOperationsIn struct {
	Paged
	Sort  string `query:"sort" enum:"created,-created"`
	Kind  string `query:"kind"`
	State string `query:"state" enum:"pending,running,succeeded,failed,cancelled"`
}

func (a *API) listOperations(ctx context.Context, c *call, in *listOperationsIn) (List[Operation], error) {
	all, next, err := a.d.Operations.List(ctx, c.actor, operation.Query{Kind: in.Kind, State: operation.State(in.State), Page: in.page(in.Sort)})
	return listOf(all, next, operationWire), err
}

func (a *API) getOperation(ctx context.Context, c *call, in *OperationRef) (Operation, error) {
	o, err := a.d.Operations.Get(ctx, c.actor, in.Operation)
	c.tagged(o.Version)
	return operationWire(o), err
}

func (a *API) cancelOperation(ctx context.Context, c *call, in *OperationRef) (Operation, error) {
	err := a.d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.d.Operations.Cancel(ctx, tx, c.actor, in.Operation)
	})
	if err != nil {
		return Operation{}, err
	}
	return a.getOperation(ctx, c, in)
}
