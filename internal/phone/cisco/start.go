package cisco

import "linecard/internal/phone"

// Start: DHCP_Option_To_Use begins with 66,160; options --uid and --pwd and the macro $MA of profile rules [S fact sheet, B1 and B2]. How
// pages are called is recalled.
func (maker) Start(w phone.Where) phone.Start {
	return phone.Start{
		DHCP: []phone.DHCPOption{{Code: 66, Value: w.Within() + "$MA.xml"}, {Code: 160, Value: w.Within() + "$MA.xml"}},
		Steps: []string{
			"Applications > Status > Network shows the phone's address; open http://<address>/admin/advanced in a browser.",
			"Voice > Provisioning: Custom CA Rule is the address of the authority named above, where a web server gives it away.",
			"Voice > Provisioning: Profile Rule [--uid " + w.User + " --pwd " + w.Password + "] " + w.URL + "$MA.xml, then Submit All Changes.",
		},
		Recalled: true,
	}
}
