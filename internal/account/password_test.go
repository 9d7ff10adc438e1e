package account

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/errs"
)

func mustHash(t testing.TB, h *Hasher, password string) string {
	t.Helper()
	s, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOnlyTheRightPasswordIsRight(t *testing.T) {
	h := NewHasher(0, 0)
	stored := mustHash(t, h, "correct Pferd Akku 象")
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") || stored == mustHash(t, h, "correct Pferd Akku 象") {
		t.Errorf("stored as %s", stored)
	}
	for typed, right := range map[string]bool{"correct Pferd Akku 象": true, "correct pferd akku 象": false, "correct Pferd Akku 象 ": false, "": false,
		strings.Repeat("x", 5000): false} {
		if ok, err := h.Verify(t.Context(), stored, typed); ok != right || err != nil {
			t.Errorf("%.30q: %v, %v", typed, ok, err)
		}
	}
}

func TestAnAccentIsTheSameHoweverTheKeyboardMakesIt(t *testing.T) {
	h := NewHasher(0, 0)
	if ok, err := h.Verify(t.Context(), mustHash(t, h, "caf\u00e9 au lait"), "cafe\u0301 au lait"); !ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
}

func TestAHashOfAnotherProgramIsRead(t *testing.T) {
	// Made by the reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := NewHasher(0, 0)
	for typed, right := range map[string]bool{"password": true, "Password": false} {
		if ok, err := h.Verify(t.Context(), reference, typed); ok != right || err != nil {
			t.Errorf("%s: %v %v", typed, ok, err)
		}
	}
	if !h.NeedsRehash(reference) || h.NeedsRehash(mustHash(t, h, "x")) || h.NeedsRehash("") || h.NeedsRehash("rubbish") {
		t.Error("NeedsRehash does not tell other costs from ours")
	}
}

func TestAStoredHashThatIsBrokenOrTooCostlyIsAFaultAndNeverAMatch(t *testing.T) {
	h := NewHasher(0, 0)
	good := mustHash(t, h, "x")
	for _, stored := range []string{"x", "$", "$argon2id$", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=19456", "m=4000000", 1), strings.Replace(good, "m=19456", "m=0", 1), strings.Replace(good, "t=2", "t=4000000000", 1),
		strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "p=1", "p=257", 1), good + "$", good + "=", good[:len(good)-40], good[:strings.LastIndex(good, "$")+1],
		strings.Replace(good, ",p=1", ",p=1,x=1", 1), strings.Replace(good, "m=19456", "m=+19456", 1), "$2b$10$abcdefghijklmnopqrstuv"} {
		if ok, err := h.Verify(t.Context(), stored, "x"); ok || errs.CodeOf(err) != "password_hash_broken" {
			t.Errorf("%s: %v %v", stored, ok, err)
		}
	}
}

func TestNobodyHasNoPasswordAndTakesTheSameWorkAsSomebody(t *testing.T) {
	h := NewHasher(1, 0)
	stored := mustHash(t, h, "the password")
	// The work of a hash is the memory it goes through; its time would tell more of the computer than of the code.
	went := func(check func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		check()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	known := went(func() { h.Verify(t.Context(), stored, "wrong") })
	unknown := went(func() {
		if err := h.VerifyUnknown(t.Context(), "wrong"); err != nil {
			t.Error(err)
		}
	})
	if ratio := float64(unknown) / float64(known); known < 19<<20 || ratio < 0.9 || ratio > 1.1 {
		t.Errorf("somebody %d bytes, nobody %d", known, unknown)
	}
	for _, typed := range []string{"", "x", strings.Repeat("\x00", 32)} {
		if ok, err := h.Verify(t.Context(), "", typed); ok || err != nil {
			t.Errorf("nobody signed in with %q: %v", typed, err)
		}
	}
}

func TestHashesAreBoundedAndWhoFindsTheQueueFullIsToldWhenToComeBack(t *testing.T) {
	h := NewHasher(1, 2)
	h.running <- struct{}{} // somebody is at it and stays
	waiting, stop := context.WithCancel(t.Context())
	results := make(chan error, 2)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			_, err := h.Hash(waiting, "x")
			results <- err
		})
	}
	for at := time.Now(); h.waiting.Load() < 2; runtime.Gosched() {
		if time.Since(at) > 10*time.Second {
			t.Fatal("the callers do not queue")
		}
	}
	_, err := h.Verify(t.Context(), "", "x")
	if errs.KindOf(err) != errs.Unavailable || errs.CodeOf(err) != "sign_in_busy" || errs.As(err).RetryAfter == 0 {
		t.Errorf("the third waits: %v", err)
	}
	stop()
	wg.Wait()
	for range 2 {
		if err := <-results; !errors.Is(err, context.Canceled) || errs.KindOf(err) != errs.Unavailable {
			t.Errorf("who gave up got %v", err)
		}
	}
	<-h.running
	if _, err := h.Hash(t.Context(), "x"); err != nil || h.waiting.Load() != 0 {
		t.Errorf("afterwards: %v, %d waiting", err, h.waiting.Load())
	}
}

func codes(err error) []string {
	out := []string{}
	if err != nil {
		for _, f := range errs.As(err).Fields {
			out = append(out, f.Code)
		}
	}
	return out
}

func TestThePasswordPolicyTellsEveryBrokenRule(t *testing.T) { // CH-14
	h := NewHasher(0, 0)
	var previous []string
	for i := range 7 {
		previous = append(previous, mustHash(t, h, fmt.Sprintf("Kupfer-Hafen-%d-Mole", i)))
	}
	for _, c := range []struct {
		password string
		want     []string
	}{
		{"Kupfer-Hafen-Mole", nil},
		{"ten chars!", nil},
		{"九个汉字还不够啊呀啦", nil},
		{"nine char", []string{"too_short"}},
		{"", []string{"weak", "too_short"}},
		{"password1", []string{"weak", "too_short"}}, // the check of CH-14
		{"Password2026!", []string{"weak"}},
		{strings.Repeat("long word ", 25) + "123456", nil},                     // 256
		{strings.Repeat("long word ", 25) + "1234567", []string{"too_long"}},   // 257
		{strings.Repeat("漢字仮名", 64), nil},                                      // 256 of 3 bytes
		{strings.Repeat("漢字仮名", 64) + "x", []string{"too_long"}},               // 257
		{strings.Repeat("x", 1_000_000), []string{"too_long"}},                 // not even counted
		{"jane.doe@example.org", []string{"same_as_email"}},                    //
		{"Jane.Doe@EXAMPLE.org", []string{"same_as_email"}},                    //
		{"Kupfer-Hafen-0-Mole", []string{"reused"}},                            // the present one
		{"Kupfer-Hafen-4-Mole", []string{"reused"}},                            // the fifth
		{"Kupfer-Hafen-5-Mole", nil}, {"jane.doe@example.org and others", nil}, // the sixth may come again
	} {
		err := DefaultPolicy.Check(t.Context(), h, NewPassword{Field: "new_password", Password: c.password, Email: "jane.doe@example.org", Previous: previous})
		if !slices.Equal(codes(err), append([]string{}, c.want...)) {
			t.Errorf("%.30q: %q, want %q", c.password, codes(err), c.want)
		}
		if err != nil && (errs.KindOf(err) != errs.Invalid || errs.As(err).Fields[0].Name != "new_password") {
			t.Errorf("%.30q: %v", c.password, err)
		}
	}
	off := Policy{MinLength: 1}
	if err := off.Check(t.Context(), h, NewPassword{Password: "Kupfer-Hafen-0-Mole", Previous: previous}); err != nil {
		t.Errorf("remembering nothing: %v", err)
	}
	if err := off.Check(t.Context(), h, NewPassword{Password: "password"}); err != nil {
		t.Errorf("common ones allowed: %v", err)
	}
}

func TestCommonPasswordsAreKnownInTheirUsualDisguises(t *testing.T) {
	for _, weak := range []string{"password", "PASSWORD", "p@ssw0rd", "P@55w0rd!", "Pa$$word123", "password2026", "2026password", "!password!", "passwordpassword", "password password",
		"1234567890", "0987654321", "12345678901234567890", "qwertyuiop", "poiuytrewq", "QWERTYUIOPASDF", "1q2w3e4r5t6y", "zaq12wsx", "1qaz2wsx3edc", "aaaaaaaaaaaa", "ababababababab", "1111111112",
		"abcdefghijkl", "letmein123", "1etme1n", "Iloveyou!!", "linecard2026", "Linecard#1", "welcome2026!", "admin12345", "woaini1314", "ｐａｓｓｗｏｒｄ", " password ", "dragon123456", "changeme!", "abcabcabcabc",
		"summer2026", "monkey1"} {
		if !isCommon(weak) {
			t.Errorf("%q passes", weak)
		}
	}
	for _, good := range []string{"Kupfer-Hafen-Mole", "correct battery horse", "xK9#mQ2$vL", "my dragon eats 93746 peas", "passwortlos glücklich", "dragon9374658", "三峡大坝上的猫", "tr0ub4dor&3 and more"} {
		if isCommon(good) {
			t.Errorf("%q is refused", good)
		}
	}
}

func TestAPartnerOnlyTightensThePolicy(t *testing.T) { // CH-14
	operator := Policy{MinLength: 12, RememberLast: 5, MaxAgeDays: 90, RefuseCommon: true}
	for _, c := range []struct{ by, want Policy }{
		{Policy{}, operator},
		{Policy{MinLength: 8, RememberLast: 1, MaxAgeDays: 365}, operator},
		{Policy{MinLength: 16, RememberLast: 10, MaxAgeDays: 30, RefuseCommon: true}, Policy{16, 10, 30, true}},
	} {
		if got := operator.Tighten(c.by); got != c.want {
			t.Errorf("%+v: %+v", c.by, got)
		}
	}
	if got := (Policy{}).Tighten(Policy{MaxAgeDays: 30}); got.MaxAgeDays != 30 {
		t.Errorf("%+v", got)
	}
}

func TestAnOldPasswordIsOnlyRemindedOf(t *testing.T) { // CH-14
	set := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := Policy{MaxAgeDays: 30}
	if p.Aged(set, set.AddDate(0, 0, 29)) || !p.Aged(set, set.AddDate(0, 0, 30)) || (Policy{}).Aged(set, set.AddDate(9, 0, 0)) || p.Aged(time.Time{}, set) {
		t.Error("Aged is wrong")
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parsePHC(s); err == nil && (p.String() != s || p.memory > 4*argonMemory) {
			t.Fatalf("%q read as %+v", s, p)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := NewHasher(0, 1000)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := h.Hash(context.Background(), "a password"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
