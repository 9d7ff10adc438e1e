package secret

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"linecard/internal/errs"
)

func newBox(t testing.TB) *Box {
	t.Helper()
	b, err := Open(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func seal(t testing.TB, b *Box, plain, context string) []byte {
	t.Helper()
	s, err := b.Seal([]byte(plain), context)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func opens(t testing.TB, b *Box, sealed []byte, context, want string) {
	t.Helper()
	got, err := b.Open(sealed, context)
	if err != nil || string(got) != want {
		t.Errorf("Open = %q, %v; want %q", got, err, want)
	}
}

func TestASealedValueOpensOnlyInItsOwnContext(t *testing.T) {
	b := newBox(t)
	for _, plain := range []string{"", "s3cret", string(bytes.Repeat([]byte{0xff}, 100_000))} {
		sealed := seal(t, b, plain, "account_totp/secret/7")
		opens(t, b, sealed, "account_totp/secret/7", plain)
		if _, err := b.Open(sealed, "account_totp/secret/8"); !errors.Is(err, ErrUnreadable) {
			t.Errorf("another row: %v", err)
		}
		if len(plain) > 0 && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the plain text stands in the sealed value")
		}
	}
}

func TestEveryAlteredByteIsRefused(t *testing.T) {
	b := newBox(t)
	sealed := seal(t, b, "line password", "c")
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if got, err := b.Open(bad, "c"); err == nil || got != nil {
			t.Errorf("byte %d altered: opened as %q", i, got)
		}
		if got, err := b.Open(sealed[:i], "c"); err == nil || got != nil {
			t.Errorf("cut at %d: opened as %q", i, got)
		}
	}
	if _, err := b.Open(append(bytes.Clone(sealed), 0), "c"); err == nil {
		t.Error("a byte more was accepted")
	}
}

func TestTheSameTextIsNeverSealedAlike(t *testing.T) {
	b := newBox(t)
	seen := map[string]bool{}
	for range 2000 {
		s := seal(t, b, "x", "c")
		nonce := string(s[headerSize : headerSize+24])
		if seen[nonce] {
			t.Fatal("a nonce came twice")
		}
		seen[nonce] = true
	}
}

func TestAfterRotationOldValuesOpenAndAskToBeSealedAnew(t *testing.T) {
	b := newBox(t)
	old := seal(t, b, "old", "c")
	mac := b.MAC("device", "a")
	for range 3 {
		if err := b.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	fresh := seal(t, b, "fresh", "c")
	again, err := Open(b.path) // as after a restart
	if err != nil {
		t.Fatal(err)
	}
	for _, box := range []*Box{b, again} {
		opens(t, box, old, "c", "old")
		opens(t, box, fresh, "c", "fresh")
		if !box.NeedsReseal(old) || box.NeedsReseal(fresh) {
			t.Error("NeedsReseal does not tell old from fresh")
		}
		if !Equal(box.MAC("device", "a"), mac) {
			t.Error("the rotation changed a MAC")
		}
	}
	if n := len(b.KeyIDs()); n != 4 {
		t.Errorf("%d keys, want 4", n)
	}
	if b.NeedsReseal([]byte("rubbish")) || b.NeedsReseal(nil) {
		t.Error("rubbish cannot be sealed anew")
	}
}

func TestAnotherProcessLearnsOfANewKeyWhenItMeetsIt(t *testing.T) {
	a := newBox(t)
	b, err := Open(a.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Rotate(); err != nil {
		t.Fatal(err)
	}
	opens(t, b, seal(t, a, "from a", "c"), "c", "from a")
	if b.NeedsReseal(seal(t, b, "from b", "c")) || b.KeyIDs()[0] != a.KeyIDs()[0] {
		t.Error("b still seals with the old key")
	}
}

func TestAValueOfAnUnknownKeyIsAFaultThatMayPass(t *testing.T) {
	stranger := seal(t, newBox(t), "x", "c")
	_, err := newBox(t).Open(stranger, "c")
	if !errors.Is(err, ErrUnknownKey) || errs.KindOf(err) != errs.Unavailable || errs.As(err).RetryAfter == 0 {
		t.Errorf("got %v", err)
	}
}

func TestRotationsAtOnceLoseNoKey(t *testing.T) {
	first := newBox(t)
	const boxes, turns = 4, 5
	sealed := make(chan []byte, boxes*turns)
	var wg sync.WaitGroup
	for range boxes {
		wg.Go(func() {
			b, err := Open(first.path) // its own box, like a process of its own
			for range turns {
				if err == nil {
					err = b.Rotate()
				}
				if err != nil {
					t.Error(err)
					return
				}
				s, err := b.Seal([]byte("kept"), "c")
				if err != nil {
					t.Error(err)
				}
				sealed <- s
			}
		})
	}
	wg.Wait()
	close(sealed)
	if err := first.Reload(); err != nil {
		t.Fatal(err)
	}
	if n := len(first.KeyIDs()); n != 1+boxes*turns {
		t.Errorf("%d keys, want %d", n, 1+boxes*turns)
	}
	for s := range sealed {
		opens(t, first, s, "c", "kept")
	}
}

func TestProcessesThatStartAtOnceShareOneKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	macs := make(chan string, 8)
	var wg sync.WaitGroup
	for range cap(macs) {
		wg.Go(func() {
			b, err := Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			macs <- hex.EncodeToString(b.MAC("p", "x"))
		})
	}
	wg.Wait()
	close(macs)
	first := <-macs
	for m := range macs {
		if m != first {
			t.Fatal("two processes hold different keys")
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func TestAKeyFileThatOthersMayReadIsRefused(t *testing.T) {
	for _, c := range []struct {
		mode os.FileMode
		ok   bool
	}{{0o600, true}, {0o400, true}, {0o440, true}, {0o640, true}, {0o660, false}, {0o644, false}, {0o604, false}, {0o602, false}, {0o777, false}} {
		b := newBox(t)
		if err := os.Chmod(b.path, c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := Open(b.path)
		if c.ok != (err == nil) || (err != nil && errs.CodeOf(err) != "key_file_exposed") {
			t.Errorf("mode %o: %v", c.mode, err)
		}
	}
	if info, err := os.Stat(newBox(t).path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a new key file has mode %v, %v", info.Mode(), err)
	}
}

func TestABrokenKeyFileIsRefusedAndNotQuoted(t *testing.T) {
	b := newBox(t)
	good, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	dup := bytes.Replace(good, []byte(`"keys": [`), []byte(`"keys": [{"id":"`+b.KeyIDs()[0]+`","secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},`), 1)
	for name, text := range map[string][]byte{
		"empty": nil, "cut": good[:len(good)/2], "two": append(bytes.Clone(good), good...), "array": []byte("[]"),
		"no keys":       []byte(`{"version":1,"mac_root":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","keys":[]}`),
		"version":       bytes.Replace(good, []byte(`"version": 1`), []byte(`"version": 2`), 1),
		"unknown field": bytes.Replace(good, []byte(`"version"`), []byte(`"planted-secret":1,"version"`), 1),
		"bad base64":    bytes.Replace(good, []byte(`"secret": "`), []byte(`"secret": "planted-secret!`), 1),
		"short key":     bytes.Replace(good, []byte(`"secret": "`), []byte(`"secret": "AAAA","x":"`), 1),
		"id twice":      dup, "bad id": bytes.Replace(good, []byte(`"id": "`), []byte(`"id": "zz`), 1),
		"huge": append(bytes.Clone(good), bytes.Repeat([]byte(" "), maxKeyFile)...),
	} {
		if err := os.WriteFile(b.path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(b.path)
		if errs.CodeOf(err) != "key_file_broken" {
			t.Errorf("%s: %v", name, err)
		} else if bytes.Contains([]byte(err.Error()), []byte("planted-secret")) {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
	}
}

func TestARunningServerKeepsItsKeysWhenTheFileIsReplacedByAnother(t *testing.T) {
	b, other := newBox(t), newBox(t)
	sealed, mac := seal(t, b, "x", "c"), b.MAC("p", "x")
	strange, err := os.ReadFile(other.path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.path, strange, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Reload(); errs.CodeOf(err) != "key_file_replaced" {
		t.Errorf("Reload: %v", err)
	}
	if err := b.Rotate(); errs.CodeOf(err) != "key_file_replaced" {
		t.Errorf("Rotate: %v", err)
	}
	// An older state of the same file, as out of a backup: it lacks the newest key.
	if err := os.WriteFile(b.path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Reload(); errs.CodeOf(err) != "key_file_replaced" {
		t.Errorf("Reload of an older state: %v", err)
	}
	opens(t, b, sealed, "c", "x")
	if !Equal(b.MAC("p", "x"), mac) {
		t.Error("the MAC changed")
	}
}

func TestAKeyFileThatVanishedStopsNothingThatRuns(t *testing.T) {
	b := newBox(t)
	sealed := seal(t, b, "x", "c")
	if err := os.Remove(b.path); err != nil {
		t.Fatal(err)
	}
	if err := b.Reload(); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("Reload: %v", err)
	}
	opens(t, b, sealed, "c", "x")
}

func FuzzOpenNeverPanicsAndNeverAcceptsATamperedValue(f *testing.F) {
	b := newBox(f)
	good := seal(f, b, "the plain text", "table/column/1")
	f.Add(good, 0, byte(1), "table/column/1")
	f.Add([]byte{}, 0, byte(0), "")
	f.Add(good[:headerSize], 3, byte(9), "x")
	f.Fuzz(func(t *testing.T, sealed []byte, at int, flip byte, context string) {
		if plain, err := b.Open(sealed, context); err == nil && !(bytes.Equal(sealed, good) && context == "table/column/1") {
			t.Fatalf("%x opened as %q in %q", sealed, plain, context)
		}
		b.NeedsReseal(sealed)
		bad := bytes.Clone(good)
		bad[uint(at)%uint(len(bad))] ^= flip
		if _, err := b.Open(bad, "table/column/1"); (err == nil) != (flip == 0) {
			t.Fatalf("byte %d ^ %d: %v", uint(at)%uint(len(bad)), flip, err)
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	box := newBox(b)
	for b.Loop() {
		s, _ := box.Seal([]byte("a line password of 24 ch"), "device_lines/password/018f")
		if _, err := box.Open(s, "device_lines/password/018f"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	box := newBox(b)
	for b.Loop() {
		box.MAC("device password", "0004f2abcdef", "a password of some length")
	}
}
