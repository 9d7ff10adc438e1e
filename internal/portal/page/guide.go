package page

import "strings"

// guides is where the manual speaks of a page, by the beginning of the page's address. The longest one that fits counts.
var guides = map[string]string{
	"/":                     "getting-started#finding-your-way",
	"/account":              "getting-started#signing-in",
	"/authorisation":        "customers#authorisation",
	"/branding":             "getting-started#branding",
	"/company":              "customers",
	"/compliance":           "wholesale",
	"/customers":            "customers#adding-a-customer",
	"/deployment":           "profiles#where-profiles-are-attached",
	"/devices":              "devices#adding-phones",
	"/groups":               "devices#groups-and-sites",
	"/help":                 "troubleshooting",
	"/knocks":               "troubleshooting#a-phone-does-not-come",
	"/lines":                "devices#lines-and-keys",
	"/log":                  "customers#the-log",
	"/partners":             "customers#partners-and-sub-partners",
	"/people":               "customers#people-and-sub-accounts",
	"/plans":                "devices#plans",
	"/policies":             "customers#policies",
	"/profiles":             "profiles#what-a-profile-is",
	"/provisioning":         "devices#how-a-phone-gets-its-configuration",
	"/sites":                "devices#groups-and-sites",
	"/sub-accounts":         "customers#people-and-sub-accounts",
	"/sub-partners":         "customers#partners-and-sub-partners",
	"/sub-partner-requests": "customers#partners-and-sub-partners",
	"/tokens":               "customers#tokens-and-webhooks",
	"/webhooks":             "customers#tokens-and-webhooks",
	"/wholesale":            "wholesale",
	"/templates":            "wholesale",
	"/packages":             "wholesale",
	"/users":                "wholesale",
	"/workspaces":           "wholesale",
	"/numbers":              "wholesale",
	"/reports":              "wholesale",
	"/invoices":             "wholesale",
	"/subscription":         "wholesale",
	"/certificates":         "operating#certificates",
}

// Guides gives the addresses in the manual that pages lead to, for the test that looks for them.
func Guides() []string {
	var all []string
	for _, to := range guides {
		all = append(all, to)
	}
	return all
}

// guide gives the address in the manual that speaks of this page; "" on the pages of the manual itself.
func (r *Request) guide() string {
	if strings.HasPrefix(r.URL.Path, "/docs") {
		return ""
	}
	best := "/"
	for at := range guides {
		if len(at) > len(best) && (r.URL.Path == at || strings.HasPrefix(r.URL.Path, at+"/")) {
			best = at
		}
	}
	return "/docs/" + guides[best]
}
