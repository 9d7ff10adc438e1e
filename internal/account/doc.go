// Package account owns people and machine clients that sign in: their passwords, second factors, sessions, lock-out,
// recovery, invitations, sub accounts, tokens and delegated sessions.
//
// It must not know pages or wire formats, and decides no permission: what somebody may do is asked of access.
package account
