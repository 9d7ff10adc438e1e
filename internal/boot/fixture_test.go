package boot_test

import (
	"context"
	"path/filepath"
	"testing"

	"linecard/internal/secret"
)

func cancelled() (context.Context, context.CancelFunc) {
	c, stop := context.WithCancel(ctx)
	stop()
	return c, stop
}

func devicetestBox(t *testing.T) *secret.Box {
	t.Helper()
	b, err := secret.Open(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func until() (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }
