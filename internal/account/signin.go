package account

import (
	"context"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// SignIn is what the sign-in page posts.
type SignIn struct {
	Realm     Realm
	Email     string
	Password  secret.String
	IP        string
	UserAgent string
	RequestID string
}

// Signed is a successful step of signing in.
type Signed struct {
	Token      string // for the cookie
	NeedsCode  bool   // the second factor is still missing: Token is good for ConfirmCode only
	MustChange bool   // the password must be changed before anything else (CH-3)
	Locale     string // the account's own language, "" when it has none
}

// emailMost bounds what is folded and looked up; no stored address is longer.
const emailMost = 400

// SignIn checks address and password (CH-1). Wrong and unknown give the same answer after the same work; ten wrong ones
// lock the address for five minutes, whether it exists or not (CH-4). With too many others waiting it is Unavailable, and
// nothing was counted. It refuses to run inside a transaction.
func (s *Service) SignIn(ctx context.Context, in SignIn) (Signed, error) {
	if in.Email == "" || in.Password.Empty() || len(in.Email) > emailMost {
		return Signed{}, errCredentials
	}
	fold := db.Fold(in.Email)
	if s.hasher.full() {
		return Signed{}, errHashBusy
	}
	try, err := s.attempt(ctx, in.Realm, fold)
	if err != nil {
		return Signed{}, err // the guess that led to the lock has its row in the log already
	}
	acc, err := byEmail(ctx, s.db, in.Realm, fold)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Signed{}, err
	}
	right, err := s.hasher.Verify(ctx, acc.PasswordHash, in.Password.Reveal()) // "" does the same work for nothing
	if err != nil {
		s.giveBack(ctx, try)
		return Signed{}, err
	}
	if !right {
		err := s.wrong(ctx, try)
		s.refused(ctx, in, acc, err)
		return Signed{}, err
	}
	a, _, err := s.actor(ctx, acc)
	if err != nil {
		s.giveBack(ctx, try)
		s.refused(ctx, in, acc, err)
		return Signed{}, err
	}
	a.IP, a.RequestID = in.IP, in.RequestID
	return s.enter(ctx, in, acc, a)
}

// enter opens the session of somebody whose password was right.
func (s *Service) enter(ctx context.Context, in SignIn, acc Account, a access.Actor) (Signed, error) {
	hash := acc.PasswordHash
	if s.hasher.NeedsRehash(hash) {
		if anew, err := s.hasher.Hash(ctx, in.Password.Reveal()); err == nil { // else another time
			hash = anew
		}
	}
	out := Signed{NeedsCode: acc.SecondFactor, MustChange: acc.MustChange, Locale: acc.Locale}
	stage := stageActive
	if out.NeedsCode {
		stage = stageSecond
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// A password that was changed while this one was looked at ends all sessions, so this must not open one.
		n, err := tx.Exec(ctx, `UPDATE account_accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2
			AND totp_enabled = $4 AND state IN ('invited', 'active')`, acc.ID, acc.PasswordHash, hash, acc.SecondFactor)
		if err != nil {
			return err
		}
		if n == 0 {
			return errCredentials
		}
		ses, token, err := s.openSession(ctx, tx, acc.ID, stage, in.IP, in.UserAgent)
		if err != nil {
			return err
		}
		out.Token = token
		if out.NeedsCode {
			return nil // signed in, and the counter reset, only with the code
		}
		return s.signedIn(ctx, tx, a, acc, ses)
	})
	if err != nil {
		return Signed{}, err
	}
	return out, nil
}

func (s *Service) signedIn(ctx context.Context, tx *db.Tx, a access.Actor, acc Account, ses Session) error {
	a.SessionID = ses.ID
	if _, err := tx.Exec(ctx, `UPDATE account_accounts SET last_sign_in = $2 WHERE id = $1`, acc.ID, tx.Now()); err != nil {
		return err
	}
	if err := s.forgetAttempts(ctx, tx, acc); err != nil {
		return err
	}
	return s.note(ctx, tx, a, "", "session/sign-in", a.Tenant, acc.ID, acc.Email, nil)
}

// refused writes the failure into the operation log (CH-83): of the account's tenant, or of the operator when nobody has the
// address. Both do the same statements, so the time of the answer does not tell which it was.
func (s *Service) refused(ctx context.Context, in SignIn, acc Account, cause error) {
	of := acc.TenantID
	if of == "" {
		of, _ = s.operator(ctx)
	}
	t, err := s.tenants.Load(ctx, s.db, of)
	if err != nil {
		s.log.InfoContext(ctx, "sign-in refused", "realm", in.Realm, "code", errs.CodeOf(cause), "ip", in.IP)
		return
	}
	typed := clip(in.Email, 254)
	if !strings.Contains(typed, "@") {
		typed = "" // it may be a password in the wrong box
	}
	a := access.Actor{Kind: access.Person, Name: typed, IP: in.IP, RequestID: in.RequestID}
	if acc.ID != "" {
		a = access.Actor{ID: acc.ID, Account: acc.ID, Kind: access.Person, Name: acc.Name, Email: acc.Email, Tenant: t.Access(), IP: in.IP, RequestID: in.RequestID}
	}
	s.failed(ctx, a, "session/sign-in", t.Access(), acc.ID, typed, cause)
}
