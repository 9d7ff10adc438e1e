package boot

import (
	"context"
	"net/http"

	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/httpx"
)

// arrives deals with a phone that comes with the customer's account and that the customer does not have (DM-228): it is added, or it
// stands among the knocks. false when the request was answered. One that another customer has hears the same as one that nobody has.
func (v *visit) arrives(ctx context.Context) bool {
	if v.stale {
		v.fault(errBehind) // decision 11: nothing is added while the database does not answer
		return false
	}
	add := v.AutoAdd == device.On && v.id.Maker != ""
	if add {
		if ok, _ := v.h.limits.arrivals.Allow(v.CustomerID); !ok {
			add = false
		}
	}
	if add {
		err := v.h.devices.AddArrived(ctx, device.Arrival{CustomerID: v.CustomerID, MAC: v.id.MAC, Maker: v.id.Maker, Model: v.id.Model, Version: v.id.Version})
		if err == nil {
			v.admitted, err = v.h.known.admit(ctx, v.host, v.id.MAC)
		}
		switch {
		case err == nil && v.Claim.DeviceID != "":
			return true
		case err != nil && errs.KindOf(err) != errs.NotFound && errs.KindOf(err) != errs.Conflict:
			v.fault(err)
			return false
		}
	}
	if v.AutoAdd != device.Off {
		v.knock(device.UnknownMAC, "")
	}
	if v.account != certificate {
		v.suspect()
	}
	v.answer("not_found", http.StatusNotFound)
	return false
}

// refuse answers wrong credentials: 401, or 429 when there were too many from here. Both are the same whatever exists.
func (v *visit) refuse() {
	if v.CustomerID != "" && !v.HasAccount() { // DM-111
		if ok, _ := v.h.complain.Allow(v.CustomerID); ok {
			v.h.log.WarnContext(v.r.Context(), "phone refused", "code", "account_missing", "customer_id", v.CustomerID)
		}
	}
	v.reason = "wrong_account"
	if !v.suspect() {
		v.knock(device.WrongPassword, "")
	}
	if ok, after := v.h.limits.allow(v.host, httpx.IPKey(httpx.ClientIP(v.r.Context())), v.id.MAC); !ok {
		v.Header().Set("Retry-After", seconds(after))
		v.answer("limited", http.StatusTooManyRequests)
		return
	}
	v.challenge("refused", false)
}

// suspect counts the phones that are asked for in vain from one address, and says whether they are so many that somebody tries them all.
func (v *visit) suspect() bool {
	if v.CustomerID == "" {
		return false
	}
	from := source(v.r.Context())
	walking, told := v.h.limits.walk(v.CustomerID, from, v.id.MAC, v.Claim.DeviceID != "", v.h.clock.Now())
	if told != nil {
		told.Scope = v.Scope
		v.h.alarm(*told)
	}
	return walking
}

// source is the address of the phone as stored; "" when it is not known.
func source(ctx context.Context) string {
	if ip := httpx.ClientIP(ctx); ip.IsValid() {
		return ip.Unmap().WithZone("").String()
	}
	return ""
}
