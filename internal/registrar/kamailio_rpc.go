package registrar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"linecard/internal/db"
)

// errCommand is a command that Kamailio understood and refused.
var errCommand = errors.New("the registrar refused the command")

// command calls a function of Kamailio by JSON-RPC over HTTP (modules xhttp and jsonrpcs, part of Debian's kamailio). The secret is
// shown as a bearer token, which the configuration compares.
func (k *kamailio) command(ctx context.Context, method string, params ...any) error {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": method, "params": params, "id": 1})
	if err != nil {
		return err
	}
	if _, err := k.guard.CheckURL("address", k.v.Address); err != nil {
		return errAway
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, k.v.Address, bytes.NewReader(body))
	if err != nil {
		return errAway
	}
	r.Header.Set("Content-Type", "application/json")
	if k.passkey != "" {
		r.Header.Set("Authorization", "Bearer "+k.passkey)
	}
	answer, err := k.http.Do(r)
	if err != nil {
		return errAway
	}
	defer answer.Body.Close()
	var out struct {
		Version string          `json:"jsonrpc"`
		Error   json.RawMessage `json:"error"`
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	switch {
	case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden:
		return errLocked
	case err != nil || json.Unmarshal(text, &out) != nil || out.Version != "2.0":
		return errAway
	case len(out.Error) > 0:
		return errCommand
	}
	return nil
}

// path is where a contact is reached.
type path struct{ contact, received, route, socket, agent string }

// unfit says whether a text that a phone has sent could end a header line or an address.
func (p path) unfit() bool {
	return strings.ContainsAny(p.contact+p.received+p.route+p.socket, "\r\n\"<> ")
}

// Notify has Kamailio itself send the event, from the socket on which each contact registered (tm.t_uac_start). A SIP client of our own
// would come from an address that phones and the NAT before them do not know, could not use the connection that a phone has opened by
// TCP or TLS, and would be refused by a proxy that relays for its own users only.
func (k *kamailio) Notify(ctx context.Context, name string) (int, error) {
	if k.v.Address == "" {
		return 0, errNoNotify
	}
	where, args := `username = $1`, []any{name}
	if k.v.Settings.V.UseDomain {
		where, args = where+` AND domain = $2`, append(args, k.v.Domain)
	}
	rows, err := k.conn.Query(ctx, `SELECT contact, COALESCE(received, ''), replace(replace(COALESCE(path, ''), '<', ''), '>', ''), COALESCE(socket, ''), user_agent FROM location
		WHERE `+where+` ORDER BY id LIMIT 100`, args...)
	if err != nil {
		return 0, k.fault(err)
	}
	var all []path
	var p path
	if _, err := pgx.ForEachRow(rows, []any{&p.contact, &p.received, &p.route, &p.socket, &p.agent}, func() error {
		all = append(all, p)
		return nil
	}); err != nil {
		return 0, k.fault(err)
	}
	sent := 0
	for _, p := range all {
		if p.unfit() {
			continue
		}
		switch err := k.send(ctx, name, p); {
		case err == nil:
			sent++
		case !errors.Is(err, errCommand): // what is refused is this contact's own trouble
			return sent, err
		}
	}
	return sent, nil
}

func (k *kamailio) send(ctx context.Context, name string, p path) error {
	hop, route := ".", ""
	switch first, _, _ := strings.Cut(p.route, ","); {
	case p.route != "":
		hop, route = first, "Route: <"+strings.ReplaceAll(p.route, ",", ">, <")+">\r\n"
	case p.received != "":
		hop = p.received
	}
	if p.socket == "" {
		p.socket = "."
	}
	headers := "From: <sip:linecard@" + k.v.Domain + ">;tag=" + db.NewID() + "\r\nTo: <sip:" + name + "@" + k.v.Domain + ">\r\nContact: <sip:linecard@" + k.v.Domain + ">\r\n" +
		route + "Event: " + checkSync(p.agent) + "\r\nSubscription-State: terminated\r\n"
	return k.command(ctx, "tm.t_uac_start", "NOTIFY", p.contact, hop, p.socket, headers)
}
