// Package operation owns two promises of the API: long work that is answered with 202 and polled (operations), and requests
// that may be repeated without repeating their effect (idempotency keys).
//
// It must not know what an operation does nor what an answer means: the room that starts an operation also ends it.
package operation

import (
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// State is where an operation stands.
type State string

// The states. The last three are final.
const (
	Pending   State = "pending"
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Final says whether nothing will change any more.
func (s State) Final() bool { return s == Succeeded || s == Failed || s == Cancelled }

// Operation is a piece of long work.
type Operation struct {
	ID       string
	Kind     string // what is done, for example "customer.provision"
	Scope    string // of the tenant it is done to
	TenantID string
	ActorID  string // who started it
	State    State
	Done     int64 // of Total; both 0 while nothing is known
	Total    int64
	Result   Result // JSON of Succeeded; empty otherwise
	Fault    Fault  // of Failed; zero otherwise
	Created  db.Time
	Started  db.Time
	Touched  db.Time // last change of any kind
	Finished db.Time
	Version  int64 // grows with every change; for ETags
}

const columns = `id, kind, scope, tenant_id, actor_id, state, done, total, result, fault, created, started, touched, finished, version`

// Result is JSON text; empty when there is none.
type Result string

// MarshalJSON gives the text as it is, null when there is none.
func (r Result) MarshalJSON() ([]byte, error) {
	if r == "" {
		return []byte("null"), nil
	}
	return []byte(r), nil
}

// Fault is why an operation failed: what errs.Error may show, so that a page can translate it later by its code.
type Fault struct {
	Code    string            `json:"code,omitempty"`
	Message string            `json:"message,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
	Fields  []FieldFault      `json:"fields,omitempty"`
}

// FieldFault is the fault of one input field.
type FieldFault struct {
	Name    string            `json:"field"`
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Params  map[string]string `json:"params,omitempty"`
}

// Scan reads what Fail wrote.
func (f *Fault) Scan(src any) error {
	var j db.JSON[Fault]
	err := j.Scan(src)
	*f = j.V
	return err
}

func faultOf(err error) Fault {
	e := errs.As(err)
	f := Fault{Code: e.Code, Message: e.Message, Params: e.Params}
	for _, x := range e.Fields {
		f.Fields = append(f.Fields, FieldFault{Name: x.Name, Code: x.Code, Message: x.Message, Params: x.Params})
	}
	return f
}

var (
	// ErrCancelled is what Progress answers once somebody has cancelled the operation: stop working.
	ErrCancelled = errs.New(errs.Conflict, "operation_cancelled", "The operation was cancelled.")

	errFinal     = errs.New(errs.Conflict, "operation_final", "The operation has ended already.")
	errNotYours  = errs.New(errs.Forbidden, "operation_not_yours", "Only who started the operation can cancel it.")
	errAbandoned = errs.New(errs.Internal, "operation_abandoned", "The operation stopped without an answer. Please start it again.")
	errTooBig    = errs.New(errs.Internal, "operation_result_too_big", "The result is too big to be kept.")
)

// Deps of NewService.
type Deps struct {
	DB  *db.DB
	Box *secret.Box // seals stored answers
	Log *slog.Logger
}

// Service runs operations and idempotency keys. It is safe for concurrent use.
type Service struct {
	db  *db.DB
	box *secret.Box
	log *slog.Logger

	mu       sync.Mutex
	progress map[string]*progress
}

// NewService gives the service; Register adds its periodic work to the queue.
func NewService(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	return &Service{db: d.DB, box: d.Box, log: d.Log, progress: map[string]*progress{}}
}

// How long things are kept, and how much of them.
const (
	kept       = 30 * 24 * time.Hour // finished operations
	abandoned  = 7 * 24 * time.Hour  // without a sign of life
	resultMost = 1 << 20             // bytes of a result or an answer
)

func marshal(v any) (string, error) {
	b, err := json.Marshal(v)
	if err == nil && len(b) > resultMost {
		err = errTooBig
	}
	return string(b), err
}
