package poly

import "linecard/internal/phone"

// Start: option 160, then 66, as a string and not as binary [S fact sheet, section 7]; the admin password is 456 from the factory [S]. How
// menus are called is recalled.
func (maker) Start(w phone.Where) phone.Start {
	return phone.Start{
		DHCP: []phone.DHCPOption{{Code: 160, Value: w.Within()}, {Code: 66, Value: w.Within()}},
		Steps: []string{
			"Settings (or Menu) > Advanced, password 456 > Administration Settings > TLS Security > Custom CA Certificates: install the authority named above.",
			"Advanced > Administration Settings > Network Configuration > Provisioning Server: Server Type HTTPS, Server Address " + bare(w.URL) + ", Server User " + w.User + ", Server Password " + w.Password + ".",
			"Save and let the phone restart; it asks for <its MAC>.cfg.",
		},
		Recalled: true,
	}
}

// bare is the address without its scheme, which has a field of its own.
func bare(url string) string {
	const scheme = "https://"
	if len(url) > len(scheme) && url[:len(scheme)] == scheme {
		return url[len(scheme):]
	}
	return url
}
