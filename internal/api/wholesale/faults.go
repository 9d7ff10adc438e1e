package wholesale

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/errs"
	"linecard/internal/httpx"
)

// refusal is the error body of the public API. Each fault has a description that says what to do; numbers are ours but for the five that
// are public.
type refusal struct {
	Message    string  `json:"message"`
	Errors     []fault `json:"errors"`
	TrackingID string  `json:"trackingId"`
}

type fault struct {
	ErrorCode   int    `json:"errorCode,omitempty"`
	Description string `json:"description"`
}

// The numbers that are publicly known; see docs/wholesale.md for all.
const (
	numberPassed   = 100
	numberRequired = 1001
	numberSize     = 1002
	numberNoReport = 2024
	numberEmail    = 10022
	numberOfStatus = 70000 // and the status: what has no number of its own
)

// numbers are the numbers of our stable codes. Once given, a number keeps its meaning: clients compare it.
var numbers = map[string]int{
	"required": numberRequired, "body_required": numberRequired, "extension_or_number": numberRequired, "location_required": numberRequired,
	"too_long": numberSize, "too_short": numberSize, "too_many_items": numberSize, "too_few_items": numberSize,
	"user_email_taken": numberEmail, "user_email_elsewhere": numberEmail, "email_taken": numberEmail,

	"bad_json": 71001, "wrong_type": 71002, "bad_encoding": 71003, "forbidden_character": 71004, "unknown_value": 71005, "unknown_package": 71006,
	"unknown_parameter": 71007, "repeated_parameter": 71008, "out_of_range": 71009, "bad_email": 71010, "bad_id": 71011, "bad_time": 71012,
	"bad_date": 71013, "date_not_allowed": 71014, "end_before_start": 71015, "bad_extension": 71016, "bad_number": 71017, "not_applicable": 71018,
	"invalid_locale": 71019, "one_of": 71020,
	"unknown_template": 71021, "pstn_required": 71022, "duplicate": 71023, "unknown_administrator": 71024, "precheck_failed": 71025,

	"insufficient_scope": 72001, "forbidden": 72002, "sub_partner_suspended": 72003, "frozen": 72004, "package_not_in_subscription": 72005,
	"screening_pending": 72006, "not_authorised_by_customer": 72007, "only_providers": 72008,

	"external_id_taken": 73001, "no_subscription": 73002, "package_not_in_customer": 73003, "limit_reached": 73004, "package_in_use": 73005,
	"limit_below_use": 73006, "package_retired": 73007, "not_a_base_package": 73008, "not_an_add_on": 73009, "dependency": 73010, "admin_downgrade": 73011,
	"extension_taken": 73012, "number_unavailable": 73013, "name_taken": 73014, "customer_pending": 73015, "offer_conflict": 73016, "report_exists": 73017,
	"changed_at_once": 73018, "idempotency_key_reused": 73019, "organisation_managed_elsewhere": 73020, "wrong_holder": 73021,
	"already_wholesale": 73022, "customer_busy": 73023, "template_archived": 73024, "compliance_denied": 73025, "email_in_use": 73026, "user_not_pending": 73027,

	"no_such_report": numberNoReport, "no_such_call": 74001, "not_found": 74002, "method_not_allowed": 74003,
}

// numberOf gives the number of a code; for one without, that of the status.
func numberOf(code string, status int) int {
	if n, ok := numbers[code]; ok {
		return n
	}
	return numberOfStatus + status
}

// statusOf gives the status of a refusal. The public description lists which there are: those of ours that are not among them become what
// is nearest.
func statusOf(e *errs.Error) int {
	switch e.Kind {
	case errs.Mismatch:
		return http.StatusConflict
	case errs.TooLarge, errs.TimedOut:
		return http.StatusBadRequest
	case errs.Stale:
		return http.StatusConflict
	}
	return httpx.Status(e.Kind)
}

// refuse answers with the body of this API, and with what belongs to the status: Retry-After with 423, 429 and 503, the challenge with 401.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, names map[string]string, status int, err error) {
	httpx.LogCause(r.Context(), err)
	e := httpx.Refusal(err)
	if status == 0 {
		status = statusOf(e)
	}
	h := w.Header()
	for _, stale := range []string{"Content-Length", "Content-Encoding", "Link"} {
		h.Del(stale)
	}
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if after := httpx.RetryAfter(e); after > 0 && status != http.StatusBadRequest {
		h.Set("Retry-After", strconv.Itoa(after))
	}
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="linecard"`)
	case http.StatusNotFound:
		if e.Code == errNoCall.Code {
			h.Set("Link", "<"+a.base(r)+docs+`>; rel="help"`)
		}
	}
	if r.ProtoMajor < 2 && e.Kind == errs.TooLarge {
		h.Set("Connection", "close") // the rest of the body is not waited for
	}
	body, _ := json.Marshal(refusal{Message: e.Message, Errors: faultsOf(e, names, status), TrackingID: h.Get(trackingHeader)})
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// faultsOf gives at least one fault: those of the fields, or that of the whole.
func faultsOf(e *errs.Error, names map[string]string, status int) []fault {
	if len(e.Fields) == 0 {
		return []fault{{numberOf(e.Code, status), e.Message + about(e.Params)}}
	}
	out := make([]fault, 0, len(e.Fields))
	for _, f := range e.Fields {
		out = append(out, fault{numberOf(f.Code, status), named(f.Name, names) + f.Message + about(f.Params)})
	}
	return out
}

// named puts the field before its sentence, under the name that it has in this API.
func named(field string, names map[string]string) string {
	if field == "" {
		return ""
	}
	if name, ok := names[field]; ok {
		return name + ": "
	}
	return camel(field) + ": "
}

// camel turns the names of our rooms into those of this API: time_zone, timeZone.
func camel(s string) string {
	head, rest, found := strings.Cut(s, "_")
	for found && rest != "" {
		var word string
		word, rest, found = strings.Cut(rest, "_")
		head += strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):]
	}
	return head
}

// about gives the values that a sentence is about, packages by their public names.
func about(params map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(params)) {
		v := params[k]
		switch k {
		case "what", "id", "min", "max":
			continue // said already, or none of the caller's words
		case "package", "needs":
			v = publicNames(v)
		}
		all = append(all, camel(k)+" "+v)
	}
	if all == nil {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}
