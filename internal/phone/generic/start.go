package generic

import "linecard/internal/phone"

// Start is recalled altogether: no source that we hold says more than that these phones take option 66.
func (m maker) Start(w phone.Where) phone.Start {
	return phone.Start{
		DHCP: []phone.DHCPOption{{Code: 66, Value: w.Within()}},
		Steps: []string{
			"Open the phone's web page and trust the authority named above, or for a trial turn the check of server certificates off.",
			"Enter as its provisioning (Grandstream: Config Server Path; Snom: Setting URL) address " + w.URL + ", user " + w.User + ", password " + w.Password + ", and restart it.",
		},
		Recalled: true,
	}
}
