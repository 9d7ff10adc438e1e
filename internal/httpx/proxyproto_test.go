package httpx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"testing"
	"time"
)

// proxyV2 writes a header as a load balancer does.
func proxyV2(source string, tlv []byte) []byte {
	src := netip.MustParseAddrPort(source)
	dst := netip.AddrPortFrom(src.Addr(), 443)
	family, addrs := byte(0x11), append(src.Addr().AsSlice(), dst.Addr().AsSlice()...)
	if src.Addr().Is6() {
		family = 0x21
	}
	addrs = binary.BigEndian.AppendUint16(addrs, src.Port())
	addrs = binary.BigEndian.AppendUint16(addrs, dst.Port())
	return proxyRaw(0x21, family, append(addrs, tlv...))
}

func proxyRaw(command, family byte, rest []byte) []byte {
	head := append(proxySignature[:], command, family)
	head = binary.BigEndian.AppendUint16(head, uint16(len(rest)))
	return append(head, rest...)
}

func TestPROXYHeadersAreReadToTheByte(t *testing.T) {
	tlv := []byte{0x05, 0, 3, 'a', 'b', 'c'}
	long := proxyV2("192.0.2.7:5060", make([]byte, maxProxyHeader))
	for _, c := range []struct {
		name string
		in   []byte
		want string
		err  error
	}{
		{"TCP over IPv4", proxyV2("192.0.2.7:5060", nil), "192.0.2.7:5060", nil},
		{"TCP over IPv6", proxyV2("[2001:db8::7]:5060", nil), "[2001:db8::7]:5060", nil},
		{"IPv4 written as IPv6", proxyV2("[::ffff:192.0.2.7]:5060", nil), "192.0.2.7:5060", nil},
		{"TLVs are skipped", proxyV2("192.0.2.7:5060", tlv), "192.0.2.7:5060", nil},
		{"LOCAL", proxyRaw(0x20, 0x11, make([]byte, 12)), "invalid AddrPort", nil},
		{"LOCAL without addresses", proxyRaw(0x20, 0, nil), "invalid AddrPort", nil},
		{"UNSPEC", proxyRaw(0x21, 0, tlv), "invalid AddrPort", nil},
		{"version 1", []byte("PROXY TCP4 192.0.2.7 192.0.2.1 5060 443\r\n"), "", errProxySignature},
		{"plain HTTP", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "", errProxySignature},
		{"version 3", proxyRaw(0x31, 0x11, make([]byte, 12)), "", errProxyVersion},
		{"unknown command", proxyRaw(0x22, 0x11, make([]byte, 12)), "", errProxyVersion},
		{"UDP", proxyRaw(0x21, 0x12, make([]byte, 12)), "", errProxyFamily},
		{"unix socket", proxyRaw(0x21, 0x31, make([]byte, 216)), "", errProxyFamily},
		{"addresses too short", proxyRaw(0x21, 0x11, make([]byte, 11)), "", errProxyLength},
		{"addresses of IPv6 too short", proxyRaw(0x21, 0x21, make([]byte, 12)), "", errProxyLength},
		{"longer than the bound", long, "", errProxyLength},
		{"cut short", proxyV2("192.0.2.7:5060", nil)[:20], "", io.ErrUnexpectedEOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := bytes.NewReader(append(bytes.Clone(c.in), "REST"...))
			if c.err == io.ErrUnexpectedEOF {
				r = bytes.NewReader(c.in)
			}
			got, err := readProxyHeader(r)
			if err != c.err || err == nil && got.String() != c.want {
				t.Fatalf("got %v, %v", got, err)
			}
			if err == nil {
				if rest, _ := io.ReadAll(r); string(rest) != "REST" {
					t.Errorf("left %q for the handshake", rest)
				}
			}
		})
	}
}

var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, ClientIP(r.Context())) })

const hello = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

func TestTrustedPeersSayWhoTheClientIs(t *testing.T) {
	s := serve(t, Config{Handler: whoami, ProxyProtocol: Loopback})
	for source, want := range map[string]string{"192.0.2.7:5060": "192.0.2.7", "[2001:db8::7]:5060": "2001:db8::7"} {
		res, _ := talk(t, dial(t, s), string(proxyV2(source, nil))+hello)
		if body, _ := io.ReadAll(res.Body); string(body) != want {
			t.Errorf("%s: %s", source, body)
		}
	}
	res, _ := talk(t, dial(t, s), string(proxyRaw(0x20, 0, nil))+hello)
	if body, _ := io.ReadAll(res.Body); string(body) != "127.0.0.1" {
		t.Errorf("a health check of the balancer itself came from %s", body)
	}
}

func TestTrustedPeersMustSendTheHeader(t *testing.T) {
	s := serve(t, Config{Handler: whoami, ProxyProtocol: Loopback, HeaderTimeout: 50 * time.Millisecond})
	for name, text := range map[string]string{"plain HTTP": hello, "nothing": "", "half a header": string(proxyV2("192.0.2.7:5060", nil)[:14])} {
		c := dial(t, s)
		_, _ = io.WriteString(c, text)
		if data, err := io.ReadAll(c); len(data) > 0 || os.IsTimeout(err) {
			t.Errorf("%s: got %q, %v; want a closed connection", name, data, err)
		}
	}
}

func TestAStrangerWhoSendsAHeaderIsClosedAndOthersAreServed(t *testing.T) {
	s := serve(t, Config{Handler: whoami, ProxyProtocol: Networks{netip.MustParsePrefix("198.51.100.1/32")}})
	c := dial(t, s)
	_, _ = c.Write(append(proxyV2("192.0.2.7:5060", nil), hello...))
	if data, err := io.ReadAll(c); len(data) > 0 || os.IsTimeout(err) {
		t.Errorf("got %q, %v; want a closed connection", data, err)
	}
	c = dial(t, s) // half of one says enough, and byte by byte too
	for _, b := range proxySignature[:5] {
		_, _ = c.Write([]byte{b})
	}
	if data, err := io.ReadAll(c); len(data) > 0 || os.IsTimeout(err) {
		t.Errorf("got %q, %v; want a closed connection", data, err)
	}
	c = dial(t, s) // breaks off while it could still be one
	_, _ = c.Write(proxySignature[:3])
	_ = c.(*net.TCPConn).CloseWrite()
	closedByPeer(t, c)
	res, _ := talk(t, dial(t, s), hello)
	if body, _ := io.ReadAll(res.Body); string(body) != "127.0.0.1" {
		t.Errorf("an ordinary client was answered %s", body)
	}
}

func TestASlowBalancerDoesNotKeepOthersWaiting(t *testing.T) {
	s := serve(t, Config{Handler: whoami, ProxyProtocol: Loopback, HeaderTimeout: 5 * time.Second})
	dial(t, s) // says nothing
	res, _ := talk(t, dial(t, s), string(proxyV2("192.0.2.7:5060", nil))+hello)
	if res.StatusCode != 200 {
		t.Error(res.Status)
	}
}

func FuzzPROXYHeader(f *testing.F) {
	f.Add(proxyV2("192.0.2.7:5060", nil))
	f.Add(proxyV2("[2001:db8::7]:5060", []byte{4, 0, 1, 0}))
	f.Add(proxyRaw(0x20, 0, nil))
	f.Add([]byte("PROXY TCP4 192.0.2.7 192.0.2.1 5060 443\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		src, err := readProxyHeader(r)
		used := len(in) - r.Len()
		if used > 16+maxProxyHeader {
			t.Fatalf("read %d bytes", used)
		}
		if err != nil {
			if src.IsValid() {
				t.Fatal("an address together with a fault")
			}
			return
		}
		if !bytes.HasPrefix(in, proxySignature[:]) || used != 16+int(binary.BigEndian.Uint16(in[14:])) {
			t.Fatalf("took %d of %x", used, in)
		}
		if src.IsValid() && (src.Addr().Is4In6() || src.Addr().Zone() != "") {
			t.Fatal("the address is not in its plain form:", src)
		}
	})
}
