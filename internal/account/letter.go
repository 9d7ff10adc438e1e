package account

import (
	"context"
	"time"

	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/tenant"
)

// post says where a letter goes, what it is, and how long it is worth delivering; 0 for what the outbox thinks.
type post struct {
	to   string
	kind deliver.Template
	life time.Duration
	of   *tenant.Tenant // the organisation, for who has it; nil: it is looked up when its language is needed
}

// letter puts a mail to an account's person into the outbox, in the person's language, else the organisation's (CH-2, CH-19).
func (s *Service) letter(ctx context.Context, tx *db.Tx, acc Account, p post, values map[string]string) error {
	l := deliver.Letter{To: p.to, Locale: acc.Locale, Template: p.kind, Values: values, TenantID: acc.TenantID}
	if p.life > 0 {
		l.Expires = tx.Now().Add(p.life)
	}
	if l.Locale == "" {
		if p.of == nil {
			t, err := s.tenants.Load(ctx, tx, acc.TenantID)
			if err != nil {
				return err
			}
			p.of = &t
		}
		l.Locale = p.of.Locale
	}
	id, err := s.mail.Mail(ctx, tx, l)
	if err != nil || !acc.First || p.kind != deliver.AccountInvitation && p.kind != deliver.PasswordResetByAdmin {
		return err
	}
	return s.tenants.SetMail(ctx, tx, acc.TenantID, id) // its provider sees how the mail fared (CH-19, CH-20)
}

// invite makes the first link and mails it. The account has no open invitation.
func (s *Service) invite(ctx context.Context, tx *db.Tx, acc Account, t tenant.Tenant) error {
	to, err := s.addLink(ctx, tx, acc, InviteLink, inviteLife, "")
	if err != nil {
		return err
	}
	kind := deliver.AccountInvitation
	if acc.IsSub() {
		kind = deliver.SubAccountInvitation
	}
	return s.letter(ctx, tx, acc, post{to: acc.Email, kind: kind, life: inviteLife, of: &t}, map[string]string{"name": acc.Name, "organisation": t.Name, "email": acc.Email, "hours": "72", "link": to})
}

// tellEmailChanged writes to the old and to the new address (CH-23).
func (s *Service) tellEmailChanged(ctx context.Context, tx *db.Tx, acc Account, old string) error {
	values := map[string]string{"name": acc.Name, "email": acc.Email}
	if err := s.letter(ctx, tx, acc, post{to: old, kind: deliver.EmailChangedOld}, values); err != nil {
		return err
	}
	return s.letter(ctx, tx, acc, post{to: acc.Email, kind: deliver.EmailChangedNew}, values)
}
