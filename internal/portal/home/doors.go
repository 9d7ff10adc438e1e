package home

import (
	"net/url"

	"linecard/internal/account"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

func doorURL(realm account.Realm, back string) string {
	if back == "/" {
		return page.Door(realm)
	}
	return page.Door(realm) + "?return=" + url.QueryEscape(back)
}

func doorIcon(realm account.Realm) ui.Icon {
	switch realm {
	case account.OperatorRealm:
		return "server"
	case account.PartnerRealm:
		return "building-store"
	}
	return "building"
}
