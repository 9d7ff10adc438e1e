package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/device"
	"linecard/internal/phone"
)

// makerRoot is an authority of a maker.
var makerRoot = func() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Maker Root"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}()

// DM-200, DM-203, DM-124, DM-228 through the API.
func TestWhatPhonesDidIsSeenThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token(w.operator, w.account(w.operator, account.Invitation{Roles: []access.Role{access.OperatorAdmin}}))
		d, err := w.d.Devices.Create(t.Context(), system, w.c.ID, device.New{MAC: "0004f2000001"})
		w.ok(err)
		base := "/api/v1/customers/" + w.c.ID
		at := base + "/devices/" + d.ID
		w.ok(w.d.Devices.Note(t.Context(), map[string][]device.Asked{d.ID: {{At: w.clock.Now(), Method: "GET", File: "0004f2000001.cfg", Status: 200, Account: "own"}}}))
		w.ok(w.d.Devices.Uploads().Append(t.Context(), device.Upload{DeviceID: d.ID, Name: "0004f2000001-app.log", Kind: phone.Log, Body: []byte("a line\n")}))
		w.ok(w.d.Devices.Uploads().Put(t.Context(), device.Upload{DeviceID: d.ID, Name: "0004f2000001-web.cfg", Kind: phone.Overrides, Body: []byte("<x/>")}))
		w.ok(w.d.Devices.Knocked(t.Context(), []device.Knock{{CustomerID: w.c.ID, MAC: phone.MAC{0, 4, 0xf2, 0, 0, 9}, Kind: device.UnknownMAC, Address: "192.0.2.1", Maker: "poly", Model: "VVX411", Times: 3, First: w.db.Now(), Last: w.db.Now()}}))
		for _, c := range []struct{ method, path, body, want string }{
			{"GET", at + "/requests", "", `"account":"own"`},
			{"GET", at + "/logs", "", `"section":"log"`},
			{"GET", at + "/logs?date=2001-01-01", "", `"items":[]`},
			{"GET", at + "/phone-files", "", `"section":"web"`},
			{"GET", at + "/access", "", `"claimed":null`},
			{"POST", at + "/reopen", `{"hours":2}`, `"open_until":"`},
			{"POST", at + "/reopen", "", `"open_until":"`},
			{"POST", at + "/rotate-account", "", `"given":true`},
			{"POST", at + "/replace?dry_run=true", `{"mac":"0004f2000002"}`, `"carried":["name"`},
			{"GET", at, "", `"status":"never"`},
			{"GET", base + "/devices?status=online", "", `"items":[]`},
			{"GET", base + "/knocks", "", `"times":3`},
			{"PATCH", base + "/provisioning", `{"auto_add":"off","offline_hours":5}`, `"auto_add_in_force":"off"`},
			{"POST", "/api/v1/operator/maker-roots", `{"pem":"` + strings.ReplaceAll(makerRoot, "\n", `\n`) + `"}`, `"name":"Maker Root"`},
			{"GET", "/api/v1/operator/maker-roots", "", `"allow_expired":false`},
		} {
			in := request{method: c.method, path: strings.TrimPrefix(c.path, "/api/v1"), token: token}
			if c.body != "" {
				in.body = c.body
			}
			if r := w.do(in); r.Code >= 300 || !strings.Contains(r.Body.String(), c.want) {
				t.Errorf("%s %s: %d %s", c.method, c.path, r.Code, r.Body)
			}
		}
	})
}
