package redirect

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const answerMost = 8 << 20

// call makes one call with a token, and a second one with a fresh token when the first was refused as expired.
func (y *yealinkCloud) call(ctx context.Context, method, path string, in, out any) error {
	for attempt := 0; ; attempt++ {
		token, err := y.token(ctx, attempt > 0)
		if err != nil {
			return err
		}
		err = y.once(ctx, method, path, "Bearer "+token, in, out)
		var fault *yealinkFault
		if !errors.As(err, &fault) || fault.status != http.StatusUnauthorized {
			return err
		}
		if attempt > 0 {
			return errCredentials.Because(errors.New(fault.Error()))
		}
	}
}

// token gives the bearer token, from memory as long as it is good for another minute.
func (y *yealinkCloud) token(ctx context.Context, fresh bool) (string, error) {
	s := y.s
	s.mu.Lock()
	have := s.tokens[y.conn.ID]
	s.mu.Unlock()
	now := s.db.Now()
	if !fresh && have.version == y.conn.Version && have.until.After(now.Add(time.Minute)) {
		return have.text, nil
	}
	r, err := http.NewRequest(http.MethodPost, y.conn.Endpoint, nil)
	if err != nil {
		return "", errCloudAway.Because(err)
	}
	r.SetBasicAuth(y.conn.KeyID, y.key.Reveal())
	var got struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	err = y.once(ctx, http.MethodPost, "/v2/token", r.Header.Get("Authorization"), map[string]string{"grant_type": "client_credentials"}, &got)
	var fault *yealinkFault
	if errors.As(err, &fault) {
		return "", errCredentials.Because(errors.New(fault.Error()))
	}
	if err != nil {
		return "", err
	}
	if got.AccessToken == "" || strings.ContainsFunc(got.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errCloudAway
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[y.conn.ID] = cloudToken{got.AccessToken, now.Add(time.Duration(min(max(got.ExpiresIn, 0), 7*86400)) * time.Second), y.conn.Version}
	return got.AccessToken, nil
}

// once makes one call. What the cloud refuses is a *yealinkFault; too many requests a *pauseError; all else errCloudAway.
func (y *yealinkCloud) once(ctx context.Context, method, path, authorization string, in, out any) error {
	if err := y.pace(ctx); err != nil {
		return err
	}
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, y.conn.Endpoint+path, body)
	if err != nil {
		return errCloudAway.Because(err)
	}
	var nonce [16]byte
	rand.Read(nonce[:])
	r.Header = http.Header{"Authorization": {authorization}, "Timestamp": {strconv.FormatInt(y.s.db.Now().UnixMilli(), 10)}, "Nonce": {hex.EncodeToString(nonce[:])},
		"Accept": {"application/json"}, "User-Agent": {"Linecard"}}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := y.s.http.Do(r)
	if err != nil {
		return errCloudAway.Because(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, answerMost+1))
	if err != nil || len(b) > answerMost {
		return errCloudAway.Because(err)
	}
	switch {
	case res.StatusCode == http.StatusTooManyRequests:
		wait, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return &pauseError{time.Duration(min(max(wait, 0), 3600)) * time.Second}
	case res.StatusCode >= 500, res.StatusCode >= 300 && res.StatusCode < 400:
		return errCloudAway.Because(errors.New(res.Status))
	case res.StatusCode >= 400:
		f := &yealinkFault{}
		_ = json.Unmarshal(b, f) // a refusal without a body is one all the same
		f.status = res.StatusCode
		return f
	}
	if out == nil || len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return errCloudAway.Because(err)
	}
	return nil
}

// pace keeps the calls of one client apart.
func (y *yealinkCloud) pace(ctx context.Context) error {
	if !y.called {
		y.called = true
		return nil
	}
	t := time.NewTimer(time.Second / time.Duration(y.set.PerSecond))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
