package api

import "linecard/internal/access"

// registrarRoutes are the addresses of calling platforms, one line each.
func (a *API) registrarRoutes() {
	const tag, manage = "Registrars", access.RegistrarManage
	const own, line = "/registrars", "/customers/{customer}/lines/{managed_line}"
	known := []string{"404 not_found"}

	register(a, Op{ID: "list-registrars", Method: get, Path: own, Action: manage, Tag: tag, Summary: "The SIP registrar of your organisation, in a list of none or one"}, a.listRegistrars)
	register(a, Op{ID: "create-registrar", Method: post, Path: own, Action: manage, Tag: tag, Summary: "Add the SIP registrar of your organisation; lines below are published there from then on", Log: "registrar/create", Status: 201, Codes: []string{"409 registrar_exists", "409 tenant_archived"}}, a.createRegistrar)
	register(a, Op{ID: "get-registrar", Method: get, Path: own + "/{registrar}", Action: manage, Tag: tag, Summary: "Get a registrar, without its secrets", Codes: known}, a.getRegistrar)
	register(a, Op{ID: "edit-registrar", Method: patch, Path: own + "/{registrar}", Action: manage, Tag: tag, Summary: "Change a registrar; with another domain or database all lines are published anew", Log: "registrar/edit", IfMatch: true, Codes: known}, a.editRegistrar)
	register(a, Op{ID: "delete-registrar", Method: remove, Path: own + "/{registrar}", Action: manage, Tag: tag, Summary: "Forget a registrar; what stands in it stays there", Log: "registrar/delete", IfMatch: true, Codes: known}, a.deleteRegistrar)
	register(a, Op{ID: "check-registrar", Method: post, Path: own + "/{registrar}/check", Action: manage, Tag: tag, Summary: "Compare a registrar with what shall stand there, repair it, and read what is registered", Log: "registrar/check", Status: 202, Codes: known}, a.checkRegistrar)

	register(a, Op{ID: "get-line-registration", Method: get, Path: line + "/registration", Action: access.LineView, Tag: tag, Summary: "Whether a managed line is published and registered, and how far its rotation is", Codes: known}, a.getLineRegistration)
	register(a, Op{ID: "sync-managed-line", Method: post, Path: line + "/sync", Action: access.DeviceAct, Tag: tag, Summary: "Have the phones of a line fetch their configuration, by a NOTIFY along the path on which they registered", Log: "line/sync", Status: 202, Codes: plus(known, related, []string{"409 line_without_registrar", "409 registrar_without_notify"})}, a.syncLine)
}
