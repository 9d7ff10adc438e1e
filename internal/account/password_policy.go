package account

import (
	"context"
	"strconv"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Policy is what a new password must fulfil (CH-14). The operator sets it; a partner may tighten it for its own tree.
type Policy struct {
	MinLength    int  `json:"min_length"`    // characters
	RememberLast int  `json:"remember_last"` // how many passwords must pass before one may come again; 0 off
	MaxAgeDays   int  `json:"max_age_days"`  // after which a reminder is shown; 0 off
	RefuseCommon bool `json:"refuse_common"`
}

// DefaultPolicy is the policy of CH-14.
var DefaultPolicy = Policy{MinLength: 10, RememberLast: 5, RefuseCommon: true}

// Tighten gives the stricter of both policies in every rule, so a partner's policy can never loosen the operator's.
func (p Policy) Tighten(by Policy) Policy {
	t := Policy{
		MinLength:    max(p.MinLength, by.MinLength),
		RememberLast: max(p.RememberLast, by.RememberLast),
		MaxAgeDays:   p.MaxAgeDays,
		RefuseCommon: p.RefuseCommon || by.RefuseCommon,
	}
	if by.MaxAgeDays > 0 && (p.MaxAgeDays <= 0 || by.MaxAgeDays < p.MaxAgeDays) {
		t.MaxAgeDays = by.MaxAgeDays
	}
	return t
}

// Aged says whether a password that was set at an instant should be changed by now. It is a reminder only (CH-14).
func (p Policy) Aged(set, now time.Time) bool {
	return p.MaxAgeDays > 0 && !set.IsZero() && now.Sub(set) >= time.Duration(p.MaxAgeDays)*24*time.Hour
}

// NewPassword is a password somebody wants to set.
type NewPassword struct {
	Field    string // input field that faults name; "password" when empty
	Password string
	Email    string   // of the account
	Previous []string // PHC strings of the account's passwords, newest first, the present one included
}

// Check says what is wrong with a new password: Invalid with one fault of the field for each broken rule, codes weak,
// too_short, too_long, same_as_email and reused, in this order. Only a password that passes the other rules is compared with
// the previous ones, since that takes the time of a hash for each. Errors of the Hasher pass.
func (p Policy) Check(ctx context.Context, h *Hasher, n NewPassword) error {
	if n.Field == "" {
		n.Field = "password"
	}
	length := maxPasswordBytes
	if len(n.Password) <= maxPasswordBytes {
		length = utf8.RuneCountInString(norm.NFC.String(n.Password))
	}
	if length > MaxPasswordLength {
		return errs.BadFields([]errs.Field{{Name: n.Field, Code: "too_long", Message: "The password may have at most 256 characters.",
			Params: map[string]string{"max": strconv.Itoa(MaxPasswordLength)}}})
	}
	var faults []errs.Field
	if p.RefuseCommon && isCommon(n.Password) {
		faults = append(faults, errs.Field{Name: n.Field, Code: "weak", Message: "This password is too easy to guess."})
	}
	if length < p.MinLength {
		faults = append(faults, errs.Field{Name: n.Field, Code: "too_short", Message: "The password is too short.",
			Params: map[string]string{"min": strconv.Itoa(p.MinLength)}})
	}
	if n.Email != "" && db.Fold(n.Password) == db.Fold(n.Email) {
		faults = append(faults, errs.Field{Name: n.Field, Code: "same_as_email", Message: "The password must not be the e-mail address."})
	}
	if len(faults) > 0 {
		return errs.BadFields(faults)
	}
	for _, stored := range n.Previous[:min(len(n.Previous), max(p.RememberLast, 0))] {
		switch same, err := h.Verify(ctx, stored, n.Password); {
		case err != nil:
			return err
		case same:
			return errs.BadField(n.Field, "reused", "This password was used before. Choose another one.")
		}
	}
	return nil
}
