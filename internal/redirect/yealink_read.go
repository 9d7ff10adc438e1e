package redirect

import (
	"context"
	"net/http"
	"net/url"

	"linecard/internal/phone"
)

// Forget implements Cloud.
func (y *yealinkCloud) Forget(ctx context.Context, macs []phone.MAC) ([]Verdict, error) {
	out := make([]Verdict, len(macs))
	for from := 0; from < len(macs); {
		n := min(len(macs)-from, y.set.BatchSize, yealinkDevices)
		ids := make([]string, n)
		for i := range ids {
			ids[i] = macs[from+i].String()
		}
		var res yealinkBulk
		if err := y.call(ctx, http.MethodPost, "/v2/rps/delDevices", map[string]any{"deviceIdType": "mac", "deviceIds": ids}, &res); err != nil {
			return out, whole(err)
		}
		failed := map[string]bool{}
		for _, e := range res.Errors {
			for _, text := range []string{e.MAC, e.Field} {
				if m, err := phone.ParseMAC(text); err == nil {
					failed[m.String()] = true
				}
			}
		}
		for i, id := range ids {
			out[from+i] = Verdict{Done: true}
			if !failed[id] && res.FailureCount <= len(failed) {
				continue
			}
			there, err := y.find(ctx, macs[from+i]) // "not there" is what we want
			if err != nil {
				return out, err
			}
			if there != "" {
				out[from+i] = Verdict{Done: true, Code: CloudRefused, RemoteID: there}
			}
		}
		from += n
	}
	return out, nil
}

// Read implements Cloud, page by page.
func (y *yealinkCloud) Read(ctx context.Context, fn func(Record) error) error {
	for skip := 0; ; {
		var p yealinkPage[yealinkDevice]
		if err := y.call(ctx, http.MethodPost, "/v2/rps/listDevices", map[string]any{"skip": skip, "limit": min(y.set.PageSize, yealinkDevices), "autoCount": true}, &p); err != nil {
			return whole(err)
		}
		for _, d := range p.Data {
			mac, err := phone.ParseMAC(d.MAC)
			if err != nil {
				continue
			}
			r := Record{MAC: mac, RemoteID: d.ID, UniqueURL: d.UniqueServerURL}
			if d.ServerID != nil {
				r.ServerID = *d.ServerID
			}
			if err := fn(r); err != nil {
				return err
			}
		}
		skip += len(p.Data)
		if len(p.Data) == 0 || skip >= p.Total {
			return nil
		}
	}
}

// Fits implements Cloud. The list may leave the unique URL out; then the phone itself is asked for.
func (y *yealinkCloud) Fits(ctx context.Context, reg Registration, r Record) (bool, error) {
	want := ""
	if reg.Server != nil {
		want = y.servers[reg.Server.ID].id
	}
	if r.ServerID != want {
		return false, nil
	}
	if r.UniqueURL == nil && r.RemoteID != "" {
		var d yealinkDevice
		if err := y.call(ctx, http.MethodGet, "/v2/rps/devices/"+url.PathEscape(r.RemoteID), nil, &d); err != nil {
			return false, whole(err)
		}
		r.UniqueURL = d.UniqueServerURL
	}
	have := ""
	if r.UniqueURL != nil {
		have = *r.UniqueURL
	}
	return have == reg.UniqueURL, nil
}
