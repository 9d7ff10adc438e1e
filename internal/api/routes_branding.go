package api

import "linecard/internal/access"

// brandingRoutes is how an offer looks (WS-92).
func (a *API) brandingRoutes() {
	tag := "Branding"
	own := []string{"404 not_found", "403 branding_of_provider"}
	register(a, Op{ID: "get-branding", Method: get, Path: "/branding/{tenant}", Action: access.SettingsView, Tag: tag, Summary: "Names, colours and logo: what is set here and what holds"}, a.getBranding)
	register(a, Op{ID: "put-branding", Method: put, Path: "/branding/{tenant}", Action: access.SettingsEdit, Tag: tag, Summary: "Replace names, support link and colours; what is left out comes from above", Log: "branding/edit", IfMatch: true, Codes: plus(changed, own)}, a.putBranding)
	register(a, Op{ID: "put-branding-logo", Method: put, Path: "/branding/{tenant}/logo", Action: access.SettingsEdit, Tag: tag, Summary: "Set the logo: a PNG or JPEG picture of up to 1 MB as the body", Log: "branding/edit", File: true, Takes: anyFile, IfMatch: true, Codes: plus(changed, own)}, a.putBrandingLogo)
	register(a, Op{ID: "delete-branding-logo", Method: remove, Path: "/branding/{tenant}/logo", Action: access.SettingsEdit, Tag: tag, Summary: "Remove the logo; the one from above shows again", Log: "branding/edit", IfMatch: true, Codes: plus(changed, own)}, a.deleteBrandingLogo)
	register(a, Op{ID: "list-branding-hosts", Method: get, Path: "/branding-hosts", Action: access.PlatformStatus, Tag: tag, Summary: "Host names that show the look of a partner"}, a.listBrandingHosts)
	register(a, Op{ID: "put-branding-host", Method: put, Path: "/branding-hosts/{host}", Action: access.PlatformEdit, Tag: tag, Summary: "Give a host name to a partner or sub-partner", Log: "branding/give_host", Codes: plus(changed, []string{"409 host_taken"})}, a.putBrandingHost)
	register(a, Op{ID: "delete-branding-host", Method: remove, Path: "/branding-hosts/{host}", Action: access.PlatformEdit, Tag: tag, Summary: "Take a host name away", Log: "branding/take_host", Codes: []string{"404 not_found"}}, a.deleteBrandingHost)
}
