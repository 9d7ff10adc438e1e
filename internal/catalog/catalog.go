// Package catalog owns what can be sold: packages and add-ons with what they are entitled to, the subscription and transfer prices of a
// partner, its own retail prices, the packages and limits of a customer (WS-1 … WS-17, WS-54), and the rules about languages and
// dial-in numbers that come with them (WS-49 … WS-53).
//
// It must not know who holds a package (room subscriber) nor how much was used (usage). Reads that take a db.Q decide nothing about
// rights and say so; use cases that take an actor do.
package catalog

import (
	"slices"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Kind says whether an item is a base package, of which everybody has exactly one, or an add-on (WS-10, WS-11).
type Kind string

// The kinds.
const (
	Base  Kind = "base"
	AddOn Kind = "add_on"
)

// Calling is how much calling a package holds, in this order.
type Calling string

// The levels of calling (WS-4).
const (
	NoCalling       Calling = "none"
	BasicCalling    Calling = "basic"
	SubsetCalling   Calling = "subset"
	AdvancedCalling Calling = "advanced"
	FullCalling     Calling = "full"
)

// Meetings is which meetings a package holds.
type Meetings string

// The levels of meetings (WS-4).
const (
	NoMeetings    Meetings = "none"
	BasicMeetings Meetings = "basic"
	FullMeetings  Meetings = "full" // up to 1000 participants
)

// Assignable is whom an item can be assigned to.
type Assignable string

// Whom an item can be assigned to.
const (
	ToUser      Assignable = "user"
	ToWorkspace Assignable = "workspace"
	ToBoth      Assignable = "both"
)

// State says whether an item is still sold. What was assigned before it was retired stays (WS-4).
type State string

// The states of an item.
const (
	Active  State = "active"
	Retired State = "retired"
)

// The codes of the seed (WS-4). Operators may add others.
const (
	CommonArea      = "common_area"
	EnhancedCalling = "enhanced_calling"
	CallingPackage  = "calling"
	Suite           = "suite"
	MeetingsPackage = "meetings"
)

// Item is a package or an add-on.
type Item struct {
	Code        string            `db:"id"`
	Kind        Kind              `db:"kind"`
	SKU         string            `db:"sku"`
	Name        string            `db:"name"`
	Description string            `db:"description"`
	Rank        int64             `db:"rank"` // 0: compared by what it holds only (WS-14)
	Calling     Calling           `db:"calling"`
	Messaging   bool              `db:"messaging"`
	Meetings    Meetings          `db:"meetings"`
	AssignTo    Assignable        `db:"assign_to"`
	DependsOn   db.JSON[[]string] `db:"depends_on"` // add-ons: base packages of which the holder must have one; none: any
	Features    Features          `db:"features"`   // key of a feature → "" or the text of its limit
	Rule        string            `db:"rule"`       // how its quantity is made: a usage.Rule
	State       State             `db:"state"`
	Created     db.Time           `db:"created"`
	Updated     db.Time           `db:"updated"`
	Version     int64             `db:"version"`

	Aliases []string `db:"-"` // other names that are taken for the code, in order
}

// HasCalling says whether the package makes calls, so that its holder needs a number or an extension (WS-117).
func (i Item) HasCalling() bool { return i.Kind == Base && i.Calling != NoCalling }

// ForUser says whether people can have it.
func (i Item) ForUser() bool { return i.AssignTo != ToWorkspace }

// ForWorkspace says whether places can have it.
func (i Item) ForWorkspace() bool { return i.AssignTo != ToUser }

// Entitled says whether the holder may use a feature, and the text of its limit, "" for none (WS-15).
func (i Item) Entitled(feature string) (limit string, ok bool) {
	limit, ok = i.Features[feature]
	return limit, ok
}

// Entitle is Entitled as a refusal: the conflict not_entitled names feature and package (WS-5).
func (i Item) Entitle(feature string) error {
	if _, ok := i.Features[feature]; ok {
		return nil
	}
	return errNotEntitled.With("feature", feature).With("package", i.Code)
}

// The refusals.
var (
	errStale       = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errNotEntitled = errs.New(errs.Conflict, "not_entitled", "The package does not include this feature.")
	errUnknown     = errs.New(errs.Invalid, "unknown_package", "There is no such package or add-on.")
	errRetired     = errs.New(errs.Conflict, "package_retired", "This package is not sold any more.")
	errDowngrade   = errs.New(errs.Conflict, "admin_downgrade", "An administrator keeps the package level of the organisation. Take the role away first.")
	errNotBase     = errs.New(errs.Conflict, "not_a_base_package", "This is an add-on. Choose a base package.")
	errDependency  = errs.New(errs.Conflict, "dependency", "This add-on needs another package.")
	errAssign      = errs.New(errs.Conflict, "wrong_holder", "This package cannot be assigned to this kind of holder.")
)

var callingOrder = []Calling{NoCalling, BasicCalling, SubsetCalling, AdvancedCalling, FullCalling}
var meetingsOrder = []Meetings{NoMeetings, BasicMeetings, FullMeetings}

// Change says whether a holder's base package may be changed. A retired one cannot be chosen; an administrator is not given less:
// neither a lower rank nor one that lacks something of the present one (WS-14, WS-136). The same package again is no fault.
func Change(from, to Item, admin bool) error {
	switch {
	case to.Kind != Base:
		return errNotBase.With("package", to.Code)
	case from.Code == to.Code:
		return nil
	case to.State == Retired:
		return errRetired.With("package", to.Code)
	case admin && lower(from, to):
		return errDowngrade
	}
	return nil
}

// lower says whether to is less than from: by rank where both have one, or by something that it lacks.
func lower(from, to Item) bool {
	if from.Rank > 0 && to.Rank > 0 && to.Rank < from.Rank {
		return true
	}
	for feature := range from.Features {
		if _, ok := to.Features[feature]; !ok {
			return true
		}
	}
	return from.Messaging && !to.Messaging ||
		slices.Index(callingOrder, to.Calling) < slices.Index(callingOrder, from.Calling) ||
		slices.Index(meetingsOrder, to.Meetings) < slices.Index(meetingsOrder, from.Meetings)
}

// Fits says whether an add-on may be assigned beside a base package: the conflict dependency names what it needs (WS-11).
func Fits(addOn Item, base string) error {
	need := addOn.DependsOn.V
	if addOn.Kind != AddOn || len(need) == 0 || slices.Contains(need, base) {
		return nil
	}
	return errDependency.With("package", addOn.Code).With("needs", join(need))
}

// CanHold says whether a user (or else a workspace) can be given the item: the conflict wrong_holder.
func CanHold(i Item, user bool) error {
	if user && i.ForUser() || !user && i.ForWorkspace() {
		return nil
	}
	return errAssign.With("package", i.Code)
}
