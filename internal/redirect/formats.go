package redirect

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"linecard/internal/errs"
	"linecard/internal/phone/flatxml"
)

// What the makers' phones understand as "your server is there". The parameters are sourced (facts A1.3, B2, C and poly 4); that
// a phone takes them from a file of this size, and those of Grandstream's and Snom's accounts, is inferred.

// errUnfit is for what cannot be said in a maker's format. The phone is told nothing rather than something else.
var errUnfit = errs.New(errs.NotFound, "redirect_unfit", "The address or its account cannot be written in this maker's format.")

// answerTo writes the answer in the format of the maker, for the one file of it that carries configuration of this phone; other
// files are NotFound, so that a phone goes on to the one that counts. Who is of no known maker gets a redirect (RFC 9110 section
// 15.4.3), which carries no account.
func answerTo(a Ask, g goal) (File, error) {
	name := strings.ToLower(a.Path[strings.LastIndexByte(a.Path, '/')+1:])
	mac := a.MAC.String()
	switch a.Maker {
	case "yealink":
		if name == mac+".cfg" {
			return yealinkFile(g)
		}
	case "poly":
		switch name {
		case mac + ".cfg":
			return polyMaster(mac)
		case mac + polySecond:
			return polyFile(g)
		}
	case "cisco":
		if name == mac+".xml" || name == mac+".cfg" {
			return ciscoFile(g)
		}
	case "grandstream":
		if name == "cfg"+mac+".xml" {
			return grandstreamFile(g)
		}
	case "snom":
		if strings.HasSuffix(name, mac+".htm") || strings.HasSuffix(name, mac+".xml") {
			return snomFile(g)
		}
	default:
		return elsewhere(a, g)
	}
	return File{}, errNothing
}

func plainText(body string) (File, error) {
	return File{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte(body)}, nil
}

// line refuses what would begin a new line or end a value of a "key = value" file.
func line(values ...string) bool {
	for _, v := range values {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.TrimSpace(v) != v {
			return false
		}
	}
	return true
}

// yealinkFile: facts A2.1, A1.3. An empty account is written too, so that an old one does not go to the new address. A value that
// a phone would take as "factory default" is refused.
func yealinkFile(g goal) (File, error) {
	word := g.password.Reveal()
	if !line(g.url, g.user, word, g.certificate) || strings.EqualFold(g.user, "%NULL%") || strings.EqualFold(word, "%NULL%") {
		return File{}, errUnfit
	}
	var b strings.Builder
	b.WriteString("#!version:1.0.0.1\n")
	if g.certificate != "" {
		b.WriteString("static.trusted_certificates.url = " + g.certificate + "\n")
	}
	b.WriteString("static.auto_provision.server.url = " + g.url + "\nstatic.auto_provision.server.username = " + orForget(g.user) +
		"\nstatic.auto_provision.server.password = " + orForget(word) + "\n")
	return plainText(b.String())
}

// orForget is what makes a Yealink phone forget a value (A2.1).
func orForget(v string) string {
	if v == "" {
		return "%NULL%"
	}
	return v
}

const polySecond = "-redirect.cfg"

// polyMaster leads to the file with the parameters (chapter 14).
func polyMaster(mac string) (File, error) {
	return attributes("APPLICATION", [][2]string{{"APP_FILE_PATH", ""}, {"CONFIG_FILES", mac + polySecond}, {"MISC_FILES", ""}, {"LOG_FILE_DIRECTORY", ""},
		{"OVERRIDES_DIRECTORY", ""}, {"CONTACTS_DIRECTORY", ""}})
}

// polyFile sets the phone's boot server: device.* with .set, serverType 0 FTP, 1 TFTP, 2 HTTP, 3 HTTPS; bootSrvUseOpt 2 is
// "static", so that DHCP does not lead it away again.
func polyFile(g goal) (File, error) {
	u, err := url.Parse(g.url)
	kind := map[string]string{"ftp": "0", "tftp": "1", "http": "2", "https": "3"}
	if err != nil || kind[u.Scheme] == "" || !line(g.url, g.user, g.password.Reveal()) {
		return File{}, errUnfit
	}
	set := [][2]string{{"device.set", "1"}}
	for _, p := range [][2]string{{"device.prov.serverType", kind[u.Scheme]}, {"device.prov.serverName", strings.TrimPrefix(g.url, u.Scheme+"://")},
		{"device.prov.user", g.user}, {"device.prov.password", g.password.Reveal()}, {"device.dhcp.bootSrvUseOpt", "2"}} {
		set = append(set, [2]string{p[0] + ".set", "1"}, p)
	}
	return attributes("LINECARD", set)
}

// attributes writes an XML file of one element.
func attributes(name string, set [][2]string) (File, error) {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n<" + name)
	for _, a := range set {
		b.WriteString("\n  " + a[0] + `="`)
		flatxml.Escape(&b, a[1])
		b.WriteByte('"')
	}
	b.WriteString("/>\n")
	return File{Status: http.StatusOK, ContentType: flatxml.ContentType, Body: b.Bytes()}, nil
}

// ciscoFile sets the rule by which an MPP phone finds its profile (B2). What has a meaning of its own in a rule is refused.
func ciscoFile(g goal) (File, error) {
	word := g.password.Reveal()
	if strings.ContainsAny(g.url, "[]|()!$? ") || strings.ContainsAny(g.user+word, "[]|()!$?\"' ") || !line(g.url, g.user, word) || strings.HasPrefix(g.url, "ftp:") ||
		strings.HasPrefix(g.user, "-") || strings.HasPrefix(word, "-") {
		return File{}, errUnfit
	}
	rule := g.url
	if strings.HasSuffix(rule, "/") {
		rule += "$MA.xml"
	}
	if g.user != "" {
		rule = "[--uid " + g.user + " --pwd " + word + "] " + rule
	}
	return xmlFile(flatxml.Element{Name: "flat-profile", Children: []flatxml.Element{{Name: "Provision_Enable", Text: "Yes"}, {Name: "Profile_Rule", Text: rule}}})
}

// grandstreamFile: P212 is the protocol (0 TFTP, 1 HTTP, 2 HTTPS, 3 FTP), P237 the path without it, P1360 and P1361 the account.
func grandstreamFile(g goal) (File, error) {
	scheme, rest, _ := strings.Cut(g.url, "://")
	kind := map[string]string{"tftp": "0", "http": "1", "https": "2", "ftp": "3"}[scheme]
	if kind == "" || !line(g.url, g.user, g.password.Reveal()) {
		return File{}, errUnfit
	}
	return xmlFile(flatxml.Element{Name: "gs_provision", Attributes: []flatxml.Attribute{{Name: "version", Value: "1"}}, Children: []flatxml.Element{
		{Name: "config", Attributes: []flatxml.Attribute{{Name: "version", Value: "1"}}, Children: []flatxml.Element{{Name: "P212", Text: kind},
			{Name: "P237", Text: strings.TrimSuffix(rest, "/")}, {Name: "P1360", Text: g.user}, {Name: "P1361", Text: g.password.Reveal()}}}}})
}

func snomFile(g goal) (File, error) {
	if !line(g.url, g.user, g.password.Reveal()) {
		return File{}, errUnfit
	}
	set := []flatxml.Element{{Name: "setting_server", Attributes: rw, Text: g.url}, {Name: "http_client_user", Attributes: rw, Text: g.user},
		{Name: "http_client_pass", Attributes: rw, Text: g.password.Reveal()}}
	return xmlFile(flatxml.Element{Name: "settings", Children: []flatxml.Element{{Name: "phone-settings", Children: set}}})
}

var rw = []flatxml.Attribute{{Name: "perm", Value: "RW"}}

func xmlFile(root flatxml.Element) (File, error) {
	b, err := flatxml.Bytes(root)
	if err != nil {
		return File{}, errUnfit.Because(err)
	}
	return File{Status: http.StatusOK, ContentType: flatxml.ContentType, Body: b}, nil
}

// elsewhere sends the phone on with the file that it asked for.
func elsewhere(a Ask, g goal) (File, error) {
	to := g.url
	if strings.HasSuffix(to, "/") {
		to += url.PathEscape(a.Path[strings.LastIndexByte(a.Path, '/')+1:])
	}
	if !line(to) || strings.ContainsAny(to, " \"<>\\") {
		return File{}, errUnfit
	}
	return File{Status: http.StatusFound, Location: to}, nil
}
