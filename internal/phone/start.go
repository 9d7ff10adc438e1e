package phone

import (
	"net/url"
	"slices"
	"strings"
)

// Where is the provisioning address of a customer, for a phone that knows nothing yet.
type Where struct {
	URL            string // "https://192.0.2.7:8443/p/acme/", with a slash at its end
	User, Password string
}

// Within gives the address with user and password in it, as phones take it from DHCP.
func (w Where) Within() string {
	u, err := url.Parse(w.URL)
	if err != nil || w.User == "" {
		return w.URL
	}
	u.User = url.UserPassword(w.User, w.Password)
	return u.String()
}

// Start is how people bring one phone to its provisioning address by hand.
type Start struct {
	DHCP  []DHCPOption
	Steps []string // at the phone or on its web page
	// Recalled says that a part of it stands in no source that we hold, and menus may be called otherwise.
	Recalled bool
}

// DHCPOption is a string that a DHCP server gives to phones.
type DHCPOption struct {
	Code  int    `json:"code"`
	Value string `json:"value"`
}

// Starter is an ability of makers that know how their phones are told of an address.
type Starter interface{ Start(w Where) Start }

// StartOf gives how a phone of the maker is told of an address; false when the maker does not say.
func StartOf(r Renderer, w Where) (Start, bool) {
	s, ok := r.(Starter)
	if !ok {
		return Start{}, false
	}
	if !strings.HasSuffix(w.URL, "/") {
		w.URL += "/"
	}
	out := s.Start(w)
	slices.SortFunc(out.DHCP, func(a, b DHCPOption) int { return a.Code - b.Code })
	return out, true
}
