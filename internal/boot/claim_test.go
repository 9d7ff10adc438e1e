package boot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// sipWord stands in the files of a phone that has one line, and nowhere else.
const sipWord = "s1p-Secret-Word"

// line gives a phone a line with a secret.
func (n *node) line(t testing.TB, customerID, deviceID string) {
	t.Helper()
	user, word, at := "4711", secret.Hide(sipWord), []phone.Server{{Host: "sip.example.net"}}
	if _, err := n.Devices.AddLine(ctx, devicetest.System, customerID, deviceID, device.LinePatch{User: &user, Password: &word, Registrars: &at}); err != nil {
		t.Fatal(err)
	}
}

// own reads the account of a phone's own as it is told it.
func (n *node) own(t testing.TB, customerID, mac string) phone.Account {
	t.Helper()
	m, _ := phone.HexMAC(mac)
	s, err := n.Devices.Setup(ctx, customerID, m)
	if err != nil {
		t.Fatal(err)
	}
	return s.Own
}

func (n *node) reads(t testing.TB, path string, header ...string) string {
	t.Helper()
	res, body := n.ask(t, "GET", path, header...)
	if res.StatusCode != 200 {
		t.Errorf("%s: %d", path, res.StatusCode)
	}
	return body
}

func (n *node) flush(t testing.TB) {
	t.Helper()
	if err := n.handler.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

const params = "/p/acme/" + mac + "-linecard.cfg"

// phoneID is the only phone of Acme.
func (n *node) phoneID(t testing.TB) string {
	t.Helper()
	l, err := n.Devices.List(ctx, devicetest.System, n.Acme.ID, device.Query{})
	if err != nil || len(l.Items) == 0 {
		t.Fatal(err)
	}
	return l.Items[0].ID
}

// Decision 15: the customer's account is a bootstrap.
func TestOnceAPhoneUsedItsOwnAccountTheCustomersOpensNoSecretOfIt(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.line(t, n.Acme.ID, n.phoneID(t))
		first := n.reads(t, params, right)
		account := n.own(t, n.Acme.ID, mac)
		if account.User != mac || !strings.Contains(first, sipWord) || !strings.Contains(first, account.Password) {
			t.Fatalf("the first configuration has no account %+v:\n%s", account, first)
		}
		if again := n.reads(t, params, right); again != first { // only having been given it takes nothing away
			t.Error("the second download differs")
		}
		mine := basic(account.User, account.Password)
		if got := n.reads(t, params, mine); got != first {
			t.Error("with its own account the phone gets something else")
		}
		for what, header := range map[string]string{"customer": right} {
			got := n.reads(t, params, header)
			if strings.Contains(got, sipWord) || strings.Contains(got, account.Password) {
				t.Errorf("%s still opens the secrets", what)
			}
		}
		n.status(t, 403, "PUT", "/p/acme/"+mac+"-app.log", right)
		n.status(t, 200, "GET", params, basic(strings.ToUpper(mac), account.Password))
		// Somebody with a reset phone asks for a window.
		if _, err := n.Devices.Reopen(ctx, devicetest.System, n.Acme.ID, n.phoneID(t), 0); err != nil {
			t.Fatal(err)
		}
		second := n.own(t, n.Acme.ID, mac)
		opened := n.reads(t, params, right)
		if second.Password == account.Password || !strings.Contains(opened, sipWord) || !strings.Contains(opened, second.Password) {
			t.Error("an open window gives no secrets, or the old account")
		}
		n.status(t, 200, "GET", params, mine) // the old one until the new one was seen
		n.status(t, 200, "GET", params, basic(second.User, second.Password))
		n.status(t, 401, "GET", params, mine)
		if strings.Contains(n.reads(t, params, right), sipWord) {
			t.Error("the window is open after the phone has what it was open for")
		}
	})
}

func TestAWindowClosesByItself(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.line(t, n.Acme.ID, n.phoneID(t))
		n.reads(t, params, right)
		a := n.own(t, n.Acme.ID, mac)
		n.reads(t, params, basic(a.User, a.Password))
		x, err := n.Devices.Reopen(ctx, devicetest.System, n.Acme.ID, n.phoneID(t), time.Hour)
		if err != nil || x.Open.IsZero() || x.Claimed.IsZero() || !x.Used.IsZero() {
			t.Fatalf("%+v, %v", x, err)
		}
		n.clock.Advance(time.Hour - time.Second)
		if !strings.Contains(n.reads(t, params, right), sipWord) {
			t.Error("closed too early")
		}
		n.clock.Advance(time.Second)
		if strings.Contains(n.reads(t, params, right), sipWord) {
			t.Error("still open")
		}
	})
}

func TestAnAccountOfAPhoneOpensItsOwnFilesAlone(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.Phone(t, n.Acme.ID, unknown)
		n.reads(t, params, right)
		a := n.own(t, n.Acme.ID, mac)
		mine := basic(a.User, a.Password)
		same(t, "another phone of the customer, or none",
			func() (*http.Response, string) { return n.ask(t, "GET", "/p/acme/"+unknown+".cfg", mine) },
			func() (*http.Response, string) { return n.ask(t, "GET", "/p/acme/64167fffffff.cfg", mine) })
		n.status(t, 401, "GET", "/p/globex/"+mac+".cfg", mine)
		n.status(t, 200, "GET", "/p/acme/000000000000.cfg", mine, "User-Agent: FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 (SN:"+unknown+") Type/Application")
		d := answerTo(n.nonce(t), params)
		d.user, d.word = a.User, a.Password
		n.status(t, 200, "GET", params, d.header())
		d.word = "guess"
		n.status(t, 401, "GET", params, d.header())
		// Right for another phone, wrong, of a phone that there is not, of one that never had one: all alike.
		same(t, "accounts that are not right",
			func() (*http.Response, string) { return n.ask(t, "GET", params, basic(mac, "guess")) },
			func() (*http.Response, string) { return n.ask(t, "GET", params, basic(unknown, a.Password)) },
			func() (*http.Response, string) { return n.ask(t, "GET", params, basic("64167fffffff", "guess")) },
			func() (*http.Response, string) {
				return n.ask(t, "GET", "/p/nobody/64167fffffff.cfg", basic("64167fffffff", "guess"))
			},
			func() (*http.Response, string) { return n.ask(t, "PUT", params, basic("64167fffffff", "guess")) })
	})
}

// DM-113, decision 15: everybody knows the factory account.
func TestTheWellKnownAccountOpensSecretsOnlyInAWindow(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.SetAccount(t, n.Acme.ID, "PlcmSpIp", "PlcmSpIp")
		n.line(t, n.Acme.ID, n.phoneID(t))
		factory := basic("PlcmSpIp", "PlcmSpIp")
		if strings.Contains(n.reads(t, params, factory), sipWord) || n.own(t, n.Acme.ID, mac) != (phone.Account{}) {
			t.Error("the factory account opens secrets")
		}
		n.status(t, 403, "PUT", "/p/acme/"+mac+"-app.log", factory)
		if _, err := n.Devices.Reopen(ctx, devicetest.System, n.Acme.ID, n.phoneID(t), 0); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(n.reads(t, params, factory), sipWord) {
			t.Error("the open window gives no secrets")
		}
		a := n.own(t, n.Acme.ID, mac)
		n.status(t, 200, "GET", params, basic(a.User, a.Password))
		if strings.Contains(n.reads(t, params, factory), sipWord) {
			t.Error("the claimed phone's secrets are open")
		}
		n.Phone(t, n.Acme.ID, unknown)
		day := 24 * time.Hour
		if _, err := n.Devices.SetProvisioning(ctx, devicetest.System, n.Acme.ID, device.ProvisioningPatch{Getting: device.GettingPatch{OpenFor: &day}}); err != nil {
			t.Fatal(err)
		}
		n.reads(t, "/p/acme/"+unknown+"-linecard.cfg", factory)
		if n.own(t, n.Acme.ID, unknown) == (phone.Account{}) || strings.Contains(n.reads(t, params, factory), sipWord) {
			t.Error("the customer's window is for phones that never claimed, and for them alone")
		}
	})
}

func TestARotatedAccountKeepsTheOldOneUntilTheNewOneWasSeen(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.reads(t, params, right)
		one := n.own(t, n.Acme.ID, mac)
		n.status(t, 200, "GET", params, basic(one.User, one.Password))
		for range 2 { // a second rotation before the phone came must not take away what it has
			if _, err := n.Devices.RotateAccount(ctx, devicetest.System, n.Acme.ID, n.phoneID(t)); err != nil {
				t.Fatal(err)
			}
		}
		two := n.own(t, n.Acme.ID, mac)
		if !strings.Contains(n.reads(t, params, basic(one.User, one.Password)), two.Password) {
			t.Error("the old account does not lead to the new one")
		}
		n.status(t, 200, "GET", params, basic(two.User, two.Password))
		n.status(t, 401, "GET", params, basic(one.User, one.Password))
	})
}

// events gives the types of all events of Acme.
func (n *node) events(t testing.TB) []journal.Entry {
	t.Helper()
	for {
		moved, err := n.Journal.Sequence(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if moved == 0 {
			break
		}
	}
	all, _, err := n.Journal.Events(ctx, n.DB, journal.EventQuery{Filter: db.Everything, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (n *node) counted(t testing.TB, kind string) int {
	t.Helper()
	n.events(t) // puts all in their places
	var c int
	if err := n.DB.Get(ctx, &c, `SELECT COUNT(*) FROM journal_entries WHERE type = $1`, kind); err != nil {
		t.Fatal(err)
	}
	return c
}

// Issue 3, item 8; scaled down, BenchmarkGuesses makes the numbers of the issue.
func TestGuessingOpensNoSecretAndRaisesAnEvent(t *testing.T) {
	each(t, func(t *testing.T, n *node) { guess(t, n, 400, 20) })
}

// guess has somebody try every MAC, half of the time with the customer's account that leaked, while genuine phones behind the same address
// come for the first time and go on.
func guess(t testing.TB, n *node, tries, phones int) {
	id := n.phoneID(t)
	n.line(t, n.Acme.ID, id)
	n.reads(t, params, right)
	a := n.own(t, n.Acme.ID, mac)
	mine := basic(a.User, a.Password)
	n.reads(t, params, mine)
	var genuine []string
	for i := range tries {
		if len(genuine) < phones && i*phones/tries >= len(genuine) {
			genuine = append(genuine, n.comes(t, len(genuine)))
		}
		who := mac
		switch i % 3 {
		case 1:
			who = genuine[i%len(genuine)]
		case 2:
			who = fmt.Sprintf("64167f%06x", 0x0a0000+i)
		}
		header := []string{right, basic(devicetest.User, fmt.Sprint(i)), basic(who, fmt.Sprint(i)), basic(who, a.Password)}[i%4]
		path := "/p/acme/" + who + []string{".cfg", "-linecard.cfg", "-phone.cfg", "-directory.xml"}[i/4%4]
		if i%3 < 2 && i%4 == 3 {
			header = right
		}
		res, body := n.ask(t, "GET", path, header)
		if strings.Contains(body, sipWord) || strings.Contains(body, a.Password) || res.StatusCode >= 500 {
			t.Fatalf("%s with %s: %d", path, header, res.StatusCode)
		}
		if i%50 == 0 {
			if !strings.Contains(n.reads(t, params, mine), sipWord) {
				t.Error("the genuine phone is not served")
			}
		}
	}
	if len(genuine) != phones {
		t.Fatalf("%d of %d phones came", len(genuine), phones)
	}
	n.flush(t)
	if c := n.counted(t, "device.enumeration"); c != 1 {
		t.Errorf("%d events of an enumeration", c)
	}
	n.clock.Advance(time.Minute)
	for i := range 40 {
		n.ask(t, "GET", fmt.Sprintf("/p/acme/64167f%06x.cfg", 0x0b0000+i), basic(devicetest.User, "x"))
	}
	n.flush(t)
	if c := n.counted(t, "device.enumeration"); c != 2 {
		t.Errorf("%d events after another minute", c)
	}
}

// comes makes a phone with a line come for the first time, and then with the account that it was given.
func (n *node) comes(t testing.TB, i int) string {
	t.Helper()
	who := fmt.Sprintf("64167f%06x", 0x800000+i)
	d := n.Phone(t, n.Acme.ID, who)
	n.line(t, n.Acme.ID, d.ID)
	path := "/p/acme/" + who + "-linecard.cfg"
	if !strings.Contains(n.reads(t, path, right), sipWord) {
		t.Errorf("%s comes for the first time and is not served", who)
	}
	a := n.own(t, n.Acme.ID, who)
	if !strings.Contains(n.reads(t, path, basic(a.User, a.Password)), sipWord) {
		t.Errorf("%s is not served", who)
	}
	return who
}
