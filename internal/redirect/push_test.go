package redirect_test

import (
	"linecard/internal/redirect"
	"linecard/internal/secret"
)

func connectorPatch(endpoint, key, word string) redirect.ConnectorPatch {
	name, hidden := "Cloud", secret.Hide(word)
	return redirect.ConnectorPatch{Name: &name, Endpoint: &endpoint, KeyID: &key, Secret: &hidden, Settings: &redirect.ConnectorSettings{PerSecond: 1000, PageSize: 3, BatchSize: 5}}
}
