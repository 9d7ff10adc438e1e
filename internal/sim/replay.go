package sim

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// Replay asks a server what phones asked another one, as an access log in the combined format of nginx and Apache has it, and
// finds every status that differs.
type Replay struct {
	Target         string // scheme, host, and what stands before the log's paths
	Strip          string // what is taken away from the beginning of the log's paths
	User, Password string
	Trust          *Trust
	Clock          Clock
	// Uploads sends PUT and POST too, with an empty body, for the log does not have theirs. Without it they are left out.
	Uploads  bool
	Parallel int // connections; 0: 4
	Limit    int // different differences that are told apart; 0: 1000
}

// Replayed is how it went.
type Replayed struct {
	Lines    int `json:"lines"`
	Damaged  int `json:"damaged"` // lines that are no request: cut, foreign, what scanners send instead of HTTP
	Skipped  int `json:"skipped"` // uploads, and requests that the client broke off (499)
	Asked    int `json:"asked"`
	Same     int `json:"same"`
	Differ   int `json:"differ"`
	NoAnswer int `json:"no_answer"` // of those that differ
	// Differences are told apart by method, path and statuses; More counts those beyond the limit.
	Differences []Difference `json:"differences"`
	More        int          `json:"more"`
}

// Difference is a request that two servers answer differently; Now is 0 when no answer came.
type Difference struct {
	Line   int    `json:"line"` // of the first
	Method string `json:"method"`
	Path   string `json:"path"`
	Agent  string `json:"agent"`
	Then   int    `json:"then"`
	Now    int    `json:"now"`
	Count  int    `json:"count"`
}

// entry is a line of the log.
type entry struct {
	line                int
	method, path, agent string
	status              int
}

// Run reads the log to its end. An error is only about the target or about reading; whatever stands in the log is counted.
func (r Replay) Run(ctx context.Context, log io.Reader) (Replayed, error) {
	var out Replayed
	if _, err := New(Options{Base: strings.TrimSuffix(r.Target, "/"), Clock: r.Clock}); err != nil {
		return out, err
	}
	entries := make(chan entry)
	var mu sync.Mutex
	at := map[Difference]int{}
	var all sync.WaitGroup
	for range max(r.Parallel, 1) {
		all.Go(func() {
			p, _ := New(Options{Base: r.Target, User: r.User, Password: r.Password, Clock: r.Clock, Trust: r.Trust, Remember: true, Resume: true})
			defer p.Close()
			for e := range entries {
				now := r.ask(ctx, p, e)
				mu.Lock()
				out.note(e, now, at, r.Limit)
				mu.Unlock()
			}
		})
	}
	err := r.read(ctx, log, &out, entries)
	close(entries)
	all.Wait()
	return out, err
}

// read gives the requests of the log and counts what is none.
func (r Replay) read(ctx context.Context, log io.Reader, out *Replayed, entries chan<- entry) error {
	in := bufio.NewReaderSize(log, maxLine)
	for {
		text, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		line := strings.TrimRight(string(text), "\r\n")
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if len(text) > 0 {
			out.Lines++
			e, ok := readEntry(line)
			e.line = out.Lines
			switch {
			case strings.TrimSpace(line) == "":
			case !ok || long:
				out.Damaged++
			case e.status == 499 || e.method != http.MethodGet && e.method != http.MethodHead && !(r.Uploads && (e.method == http.MethodPut || e.method == http.MethodPost)):
				out.Skipped++
			default:
				select {
				case entries <- e:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// maxLine bounds a line of the log.
const maxLine = 64 << 10

// ask repeats one request: without the account when the log says 401, because then the phone had given none or a wrong one.
func (r Replay) ask(ctx context.Context, p *Phone, e entry) int {
	var t Trip
	q := request{method: e.method, path: strings.TrimPrefix(e.path, r.Strip), agent: e.agent}
	if e.method == http.MethodPut || e.method == http.MethodPost {
		q.body = []byte{}
	}
	// The path stays as it is, with double slashes and capitals.
	at, err := locateIn(r.Target, q.path)
	if err != nil {
		return 0
	}
	if e.status == http.StatusUnauthorized || r.User == "" {
		return p.once(ctx, &t, at, q, "").status
	}
	authorization := p.remembered(q, at)
	for range 3 {
		a := p.once(ctx, &t, at, q, authorization)
		if a.status != http.StatusUnauthorized {
			return a.status
		}
		if again := p.authorize(q, at, a.challenges); again != "" {
			authorization = again
		} else {
			return a.status
		}
	}
	return http.StatusUnauthorized
}

// locateIn puts a path of the log behind the target.
func locateIn(target, path string) (place, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSuffix(target, "/"), "://")
	if !ok || strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return place{}, errPlace
	}
	host, prefix, _ := strings.Cut(rest, "/")
	if prefix != "" {
		prefix = "/" + prefix
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return place{scheme: scheme, host: host, path: prefix + path}, nil
}

// note compares. 304 and 206 are 200 to somebody who has nothing yet.
func (out *Replayed) note(e entry, now int, at map[Difference]int, limit int) {
	out.Asked++
	same := func(s int) int {
		if s == http.StatusNotModified || s == http.StatusPartialContent {
			return http.StatusOK
		}
		return s
	}
	if same(e.status) == same(now) {
		out.Same++
		return
	}
	out.Differ++
	if now == 0 {
		out.NoAnswer++
	}
	d := Difference{Method: e.method, Path: e.path, Then: e.status, Now: now}
	i, known := at[d]
	if !known {
		if limit == 0 {
			limit = 1000
		}
		if len(out.Differences) >= limit {
			out.More++
			return
		}
		i = len(out.Differences)
		at[d] = i
		d.Line, d.Agent = e.line, e.agent
		out.Differences = append(out.Differences, d)
	}
	out.Differences[i].Count++
}

// readEntry reads a line of the combined format, and of the common one, which has no User-Agent. What stands before the request
// may be anything: host names, accounts with spaces.
func readEntry(line string) (entry, bool) {
	_, rest, ok := strings.Cut(line, `"`)
	if !ok {
		return entry{}, false
	}
	asked, rest, ok := quoted(rest)
	if !ok {
		return entry{}, false
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return entry{}, false
	}
	status, err := strconv.Atoi(fields[0])
	if err != nil || status < 100 || status > 599 {
		return entry{}, false
	}
	words := strings.Split(asked, " ")
	if len(words) < 2 || !method(words[0]) || len(words) > 2 && !strings.HasPrefix(words[len(words)-1], "HTTP/") {
		return entry{}, false
	}
	path := words[1]
	if u, err := url.Parse(path); err == nil && u.Host != "" && !strings.HasPrefix(path, "/") { // as to a proxy
		path = u.RequestURI()
	}
	if len(words) != 3 && len(words) != 2 || !strings.HasPrefix(path, "/") || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return entry{}, false
	}
	e := entry{method: words[0], path: path, status: status}
	if _, after, ok := strings.Cut(rest, `"`); ok { // referrer, then User-Agent
		if _, after, ok = quoted(after); ok {
			if _, after, ok = strings.Cut(after, `"`); ok {
				e.agent, _, _ = quoted(after)
			}
		}
	}
	e.agent = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, e.agent)
	return e, true
}

// quoted reads up to the closing quote; \" and \xHH are as nginx and Apache write them.
func quoted(s string) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x':
			if v, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 3
				continue
			}
			b.WriteByte(s[i])
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

// method says whether a word is one of HTTP.
func method(s string) bool {
	return s != "" && len(s) < 20 && !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}
