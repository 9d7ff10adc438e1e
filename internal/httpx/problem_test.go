package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"linecard/internal/errs"
)

func refusing(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { WriteProblem(w, r, err) })
}

func TestAProblemCarriesEverythingAProgramNeeds(t *testing.T) {
	err := fmt.Errorf("create: %w", errs.BadFields([]errs.Field{{Name: "subnets[2].public", Code: "not_a_network", Message: "Write it like 10.0.0.0/8."}}))
	res := through(Edge{}, refusing(err), httptest.NewRequest("POST", "/x", nil))
	want := Problem{Type: "about:blank", Title: "Bad Request", Status: 400, Detail: "Some fields are not valid.", Code: "invalid_fields",
		Errors:    []errs.Field{{Name: "subnets[2].public", Code: "not_a_network", Message: "Write it like 10.0.0.0/8."}},
		RequestID: res.Header.Get("X-Request-Id")}
	if diff := cmp.Diff(want, problemIn(t, res), cmpopts.IgnoreUnexported(Problem{})); diff != "" {
		t.Error(diff)
	}
	if res.Header.Get("Cache-Control") != "no-store" || want.RequestID == "" {
		t.Error("a refusal must not be stored and must name the request", res.Header)
	}
}

func TestAForeignErrorIsLoggedOnceAndNeverShown(t *testing.T) {
	var book logBook
	secret := errors.New("pq: password authentication failed for user linecard at 10.1.2.3")
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		LogCause(r.Context(), secret)
		WriteProblem(w, r, secret)
	})
	res := through(Edge{Log: book.logger()}, h, httptest.NewRequest("GET", "/x", nil))
	id := res.Header.Get("X-Request-Id")
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != 500 || strings.Contains(string(body), "pq:") || !strings.Contains(string(body), id) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	lines := book.lines(t, "request failed")
	if len(lines) != 1 || lines[0]["id"] != id || !strings.Contains(lines[0]["cause"].(string), "10.1.2.3") || lines[0]["level"] != "ERROR" {
		t.Errorf("the log says %v", lines)
	}
}

func TestThoseWhoShouldWaitAreToldHowLong(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errs.New(errs.TooMany, "slow_down", "Wait."), "5"},
		{errs.New(errs.TooMany, "slow_down", "Wait.").Retry(1100 * time.Millisecond), "2"},
		{errs.New(errs.Unavailable, "away", "Away."), "10"},
		{errs.New(errs.Locked, "locked", "Locked.").Retry(15 * time.Minute), "900"},
		{errs.New(errs.Locked, "locked", "Locked."), "60"},
		{errs.New(errs.TimedOut, "slow", "Slow."), "1"},
		{errs.New(errs.Conflict, "busy", "Busy.").Retry(3 * time.Second), "3"},
		{errs.New(errs.Conflict, "taken", "Taken."), ""},
		{errors.New("boom"), ""},
	} {
		res := through(Edge{}, refusing(c.err), httptest.NewRequest("GET", "/x", nil))
		if got := res.Header.Get("Retry-After"); got != c.want {
			t.Errorf("%v: Retry-After %q, want %q", c.err, got, c.want)
		}
	}
}

func TestErrorsOfTheStandardLibraryBecomeWhatTheyMean(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{&http.MaxBytesError{Limit: 3}, 413},
		{fmt.Errorf("query: %w", context.DeadlineExceeded), 503},
		{fmt.Errorf("query: %w", context.Canceled), 408},
		{fmt.Errorf("lookup: %w", errs.Missing("device")), 404},
	} {
		if got := ProblemOf(context.Background(), c.err).Status; got != c.want {
			t.Errorf("%v is %d, want %d", c.err, got, c.want)
		}
	}
}

func TestHeadersOfTheAbandonedAnswerAreTakenBack(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Content-Disposition", "attachment")
		w.Header().Set("Content-Length", "12345")
		WriteProblem(w, r, errs.Missing("report"))
	})
	res := through(Edge{}, h, httptest.NewRequest("GET", "/x", nil))
	if res.Header.Get("Etag") != "" || res.Header.Get("Content-Disposition") != "" || res.Header.Get("Content-Length") == "12345" {
		t.Error(res.Header)
	}
}

func TestAFaultInTheMiddleOfAnAnswerBreaksTheConnection(t *testing.T) {
	s := serve(t, Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("row\n", 5000))
		WriteProblem(w, r, errors.New("the database went away"))
	})})
	res, err := http.Get(s.URL() + "/export.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("half an export arrived as if it were whole")
	}
}
