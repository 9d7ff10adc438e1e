package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// presented gives the leaf that a listener shows to a client with these settings.
func presented(t *testing.T, s *Server, cfg *tls.Config) *x509.Certificate {
	t.Helper()
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", s.Addr().String(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0]
}

func TestEveryClientGetsTheCertificateItCanVerify(t *testing.T) {
	s := serve(t, Config{Handler: reading, TLS: &TLS{GetCertificate: testCerts().Certs.GetCertificate}})
	modern := clientTLS()
	rsaOnly := clientTLS()
	rsaOnly.MaxVersion, rsaOnly.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	nameless := &tls.Config{InsecureSkipVerify: true} // an old phone that was given an address
	stranger := clientTLS()
	stranger.ServerName, stranger.InsecureSkipVerify = "unknown.example.test", true
	strangerRSA := rsaOnly.Clone()
	strangerRSA.ServerName, strangerRSA.InsecureSkipVerify = "unknown.example.test", true
	for name, c := range map[string]struct {
		cfg  *tls.Config
		want x509.PublicKeyAlgorithm
	}{"modern": {modern, x509.ECDSA}, "RSA only": {rsaOnly, x509.RSA}, "without a name": {nameless, x509.ECDSA},
		"another name": {stranger, x509.ECDSA}, "another name, RSA only": {strangerRSA, x509.RSA}} {
		if got := presented(t, s, c.cfg).PublicKeyAlgorithm; got != c.want {
			t.Errorf("%s got %v", name, got)
		}
	}
}

// onDisk writes one development pair and gives its files.
func onDisk(t *testing.T, dir string, now time.Time) (CertFiles, *Development) {
	t.Helper()
	d, err := DevelopmentCertificates(dir, []string{"phones.example.test"}, now)
	if err != nil {
		t.Fatal(err)
	}
	return CertFiles{Cert: filepath.Join(dir, "ecdsa.pem"), Key: filepath.Join(dir, "ecdsa-key.pem")}, d
}

func replaceFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestANewCertificateIsPresentedWithoutARestartAndABrokenOneIsNot(t *testing.T) {
	now := time.Now()
	live, _ := onDisk(t, t.TempDir(), now)
	next, _ := onDisk(t, t.TempDir(), now.Add(48*time.Hour))
	certs, err := LoadCertificates(live)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, Config{Handler: reading, TLS: &TLS{GetCertificate: certs.GetCertificate}})
	open := &tls.Config{InsecureSkipVerify: true}
	before := presented(t, s, open)

	same := func(what string) {
		t.Helper()
		if !presented(t, s, open).Equal(before) {
			t.Error(what, "changed what is presented")
		}
	}
	if changed, err := certs.Reload(); changed || err != nil {
		t.Error("nothing changed, but:", changed, err)
	}
	replaceFile(t, next.Cert, live.Cert) // a renewal caught between its two files
	if changed, err := certs.Reload(); changed || err == nil || !strings.Contains(err.Error(), live.Cert) {
		t.Error("certificate and key do not fit, but:", changed, err)
	}
	same("half a renewal")
	if err := os.WriteFile(live.Cert, []byte("-----BEGIN CERTIFICATE-----\nrubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := certs.Reload(); err == nil {
		t.Error("rubbish was taken")
	}
	same("rubbish")
	if err := os.Remove(live.Cert); err != nil {
		t.Fatal(err)
	}
	if _, err := certs.Reload(); err == nil {
		t.Error("a missing file was taken")
	}
	same("a missing file")
	replaceFile(t, next.Cert, live.Cert)
	replaceFile(t, next.Key, live.Key)
	old := time.Now().Add(-time.Hour)
	_ = os.Chtimes(live.Cert, old, old) // a copy that kept an old time stamp
	if changed, err := certs.Reload(); !changed || err != nil {
		t.Error("a whole renewal was not taken:", changed, err)
	}
	if presented(t, s, open).Equal(before) {
		t.Error("the old certificate is still presented")
	}
	if left := time.Until(certs.Expires()); left < devLeafLife {
		t.Error("Expires still tells of the old one:", left)
	}
}

func TestWatchingTellsOfChangesAndFaultsUntilItsContextEnds(t *testing.T) {
	live, _ := onDisk(t, t.TempDir(), time.Now())
	certs, err := LoadCertificates(live)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	told, done := make(chan error, 100), make(chan struct{})
	go func() { certs.Watch(ctx, time.Millisecond, func(err error) { told <- err }); close(done) }()
	if err := os.Remove(live.Key); err != nil {
		t.Fatal(err)
	}
	if err := <-told; err == nil {
		t.Error("the fault was not told")
	}
	cancel()
	<-done
}

func TestMissingOrMismatchedFilesAreRefusedAtStart(t *testing.T) {
	if _, err := LoadCertificates(); err == nil {
		t.Error("no files were taken for a certificate")
	}
	if _, err := LoadCertificates(CertFiles{Cert: "nowhere.pem", Key: "nowhere-key.pem"}); err == nil || !strings.Contains(err.Error(), "nowhere.pem") {
		t.Error(err)
	}
	dir := t.TempDir()
	onDisk(t, dir, time.Now())
	if _, err := LoadCertificates(CertFiles{Cert: filepath.Join(dir, "rsa.pem"), Key: filepath.Join(dir, "ecdsa-key.pem")}); err == nil {
		t.Error("a key of another certificate was taken")
	}
}

func TestCertificatesAreListedWithNamesAndEnd(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	_, d := onDisk(t, dir, now)
	type row struct {
		Names            []string
		KeyType, Source  string
		NotAfter         time.Time
		HasSerial, HasCA bool
	}
	var got []row
	for _, c := range d.Certs.List() {
		got = append(got, row{c.Names, c.KeyType, c.Source, c.NotAfter, len(c.Serial) > 10, strings.Contains(c.Issuer, "Linecard development CA")})
	}
	names := []string{"localhost", "phones.example.test", "127.0.0.1", "::1"}
	end := now.Add(devLeafLife)
	want := []row{{names, "ECDSA", filepath.Join(dir, "ecdsa.pem"), end, true, true}, {names, "RSA", filepath.Join(dir, "rsa.pem"), end, true, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !d.Certs.Expires().Equal(end) {
		t.Error(d.Certs.Expires())
	}
}

func TestExpiryIsAnnouncedAt30And14And3Days(t *testing.T) {
	end := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for left, want := range map[time.Duration]int{
		90 * day: 0, 30*day + time.Second: 0, 30 * day: 30, 15 * day: 30, 14*day + time.Second: 30, 14 * day: 14, 4 * day: 14,
		3*day + time.Second: 14, 3 * day: 3, time.Second: 3, 0: 3, -5 * day: 3,
	} {
		if got := ExpiryStage(end, end.Add(-left)); got != want {
			t.Errorf("%v before the end it is stage %d, want %d", left, got, want)
		}
	}
}

func TestDevelopmentCertificatesAreVerifiableAndKept(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	_, first := onDisk(t, dir, now)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(first.CA) || first.CAFile != filepath.Join(dir, "ca.pem") {
		t.Fatal("no CA for the clients:", first.CAFile)
	}
	s := serve(t, Config{Handler: reading, TLS: &TLS{GetCertificate: first.Certs.GetCertificate}})
	for _, name := range []string{"phones.example.test", "localhost", "127.0.0.1"} {
		presented(t, s, &tls.Config{RootCAs: pool, ServerName: name})
	}
	for _, key := range []string{"ca-key.pem", "ecdsa-key.pem", "rsa-key.pem"} {
		if info, err := os.Stat(filepath.Join(dir, key)); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(key, info, err)
		}
	}
	serials := func(d *Development) (out []string) {
		for _, c := range d.Certs.List() {
			out = append(out, c.Serial)
		}
		return out
	}
	_, again := onDisk(t, dir, now.Add(100*24*time.Hour))
	if diff := cmp.Diff(serials(first), serials(again)); diff != "" {
		t.Error("the next start made new ones:", diff)
	}
	_, late := onDisk(t, dir, now.Add(devLeafLife-devRenew+time.Hour))
	if cmp.Equal(serials(first), serials(late)) {
		t.Error("certificates about to end were used again")
	}
	if string(late.CA) != string(first.CA) {
		t.Error("the authority changed, so clients that trust it stop doing so")
	}
	wider, err := DevelopmentCertificates(dir, []string{"phones.example.test", "other.example.test"}, now)
	if err != nil || !wider.Certs.Has("other.example.test") || string(wider.CA) != string(first.CA) {
		t.Error("a further name is not covered:", err)
	}
}

func TestADamagedAuthorityIsNotReplacedSilently(t *testing.T) {
	dir := t.TempDir()
	onDisk(t, dir, time.Now())
	if err := os.WriteFile(filepath.Join(dir, "ca-key.pem"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "rsa.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := DevelopmentCertificates(dir, nil, time.Now()); err == nil || !strings.Contains(err.Error(), "ca-key.pem") {
		t.Error(err)
	}
}
