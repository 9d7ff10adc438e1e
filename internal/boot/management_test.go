package boot_test

import (
	"net/http"
	"testing"

	"linecard/internal/device"
	"linecard/internal/device/devicetest"
)

// WS-145: nothing is pushed to what others configure, also when its files were served a moment ago.
func TestAPhoneThatOthersConfigureGetsNoFile(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.status(t, http.StatusOK, "GET", params, right)
		own := n.own(t, n.Acme.ID, mac)
		n.status(t, http.StatusOK, "GET", params, basic(own.User, own.Password))
		for _, m := range []device.Management{device.ByCustomer, device.Native} {
			if _, err := n.Devices.SetManagement(ctx, devicetest.System, n.Acme.ID, n.phoneID(t), m, 0); err != nil {
				t.Fatal(err)
			}
			want := map[device.Management]int{device.ByCustomer: http.StatusNotFound, device.Native: http.StatusOK}[m]
			n.status(t, want, "GET", params, basic(own.User, own.Password))
			n.status(t, want, "GET", "/p/acme/"+mac+".cfg", right)
		}
	})
}
