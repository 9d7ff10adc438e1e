package yealink

import "linecard/internal/phone"

// Start: custom option, then 66, then 43; static.security.trust_certificates=0 accepts any server [S fact sheet, A1.1 and TLS keys]. How
// pages are called is recalled.
func (maker) Start(w phone.Where) phone.Start {
	return phone.Start{
		DHCP: []phone.DHCPOption{{Code: 66, Value: w.Within()}},
		Steps: []string{
			"Press OK on the idle phone to see its address and open that in a browser (factory account admin).",
			"Security > Trusted Certificates: upload the authority named above, or for a trial turn Only Accept Trusted Certificates off.",
			"Settings > Auto Provision: Server URL " + w.URL + ", User Name " + w.User + ", Password " + w.Password + ". Confirm, then Autoprovision Now.",
		},
		Recalled: true,
	}
}
