package profile

import (
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/errs"
)

// Kind is a kind of container (DM-158; architecture, section 5).
type Kind string

// The kinds. A customer has the first five, the levels above it the last two.
const (
	OfOneDevice Kind = "device"   // key: id of the device
	OfSite      Kind = "site"     // key: id of the network site
	OfModel     Kind = "model"    // key: ModelKey of the model
	OfGroup     Kind = "group"    // key: id of the device group
	Global      Kind = "global"   // key: Only
	Defaults    Kind = "defaults" // key: Only; below all containers of the customer
	Enforced    Kind = "enforced" // key: Only; above everything
)

// Only is the key of a container of which a tenant has one.
const Only = "-"

// MaxInContainer bounds how many profiles one container holds.
const MaxInContainer = 100

// KindsOf lists the kinds of containers that a tenant of this kind has.
func KindsOf(t access.TenantKind) []Kind {
	if t == access.Customer {
		return []Kind{OfOneDevice, OfSite, OfModel, OfGroup, Global}
	}
	return []Kind{Defaults, Enforced}
}

// ContainerKey names a container.
type ContainerKey struct {
	TenantID string
	Kind     Kind
	Key      string
}

// Container is an ordered list of profiles; the first is the highest (DM-161).
type Container struct {
	ContainerKey
	ProfileIDs []string
	Version    int64 // 1 before the first change; the ETag
}

// ModelKey is the form in which models are compared and kept as the key of a container: letters and digits, in capitals. So
// "VVX 500", "vvx500" and "VVX_500" are one model.
func ModelKey(model string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, model)
}

// key checks a container's kind and key for a tenant and gives the key as it is kept. What cannot exist is NotFound.
func (k ContainerKey) key(t access.TenantKind) (ContainerKey, error) {
	single := k.Kind == Global || k.Kind == Defaults || k.Kind == Enforced
	if k.Kind == OfModel {
		k.Key = ModelKey(k.Key)
	}
	if !slices.Contains(KindsOf(t), k.Kind) || single != (k.Key == Only) || k.Key == "" || len(k.Key) > 128 {
		return k, errs.Missing("container")
	}
	return k, nil
}
