package device

import (
	"archive/zip"
	"bytes"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/csvfile"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/secret"
)

// The formats of device files.
const (
	FormatLinecard = "linecard"  // chapter 19; also what PDMS-E wrote
	FormatPolyLens = "poly-lens" // the cloud of the maker
	FormatFusion   = "fusionpbx"
)

// Formats lists them.
var Formats = []string{FormatLinecard, FormatPolyLens, FormatFusion}

// maxImport is how many devices a file can hold: fewer than 10,000 (DM-239).
const maxImport = 9999

// maxTable bounds what a ZIP file may unpack to.
const maxTable = 32 << 20

var (
	errImportRows = errs.New(errs.TooLarge, "csv_too_many_devices", "Fewer than 10,000 devices per file. Divide it.")
	errZip        = errs.New(errs.Invalid, "csv_zip", "A ZIP file must hold exactly one table, of at most 32 MB.")
	errFormat     = errs.BadField("format", "unknown_value", "Choose one of: linecard, poly-lens, fusionpbx.")

	errNoIdentifier = errs.New(errs.Invalid, "row_identifier_missing", "A phone needs its MAC address, another device its serial number.")
	errNoType       = errs.New(errs.Invalid, "row_type_missing", "A device without a MAC address needs its type, for example Poly Studio.")
	errRowLong      = errs.New(errs.Invalid, "row_too_long", "The row has more cells than the header. Put values that hold the separator into quotes.")
	errRowTwice     = errs.New(errs.Conflict, "row_repeated", "A row before has the same device.")
	errMACRounded   = errs.New(errs.Invalid, "mac_rounded", "A spreadsheet took this MAC address for a number and rounded it. Its digits are lost: take them from the phone or from the original file.")
	errMACShort     = errs.New(errs.Invalid, "mac_zeros_lost", "This MAC address is too short. A spreadsheet may have cut zeros off its beginning.")
	errMACStrict    = errs.New(errs.Invalid, "bad_mac_in_file", "Write the MAC address with 12 hexadecimal digits, without colons and hyphens.")
)

// unit is what a file says about one device.
type unit struct {
	line  int   // of the file
	also  []int // lines that say more about the same device
	shown string
	err   error // the device cannot be read
	skip  *errs.Error

	mac          phone.MAC
	serial       string
	family       Family
	maker, model string
	name, about  string // "" leaves what is there
	groups       []string
	groupsGiven  bool   // the file has the column
	site         string // name of the site to pin it to; "" none
	attributes   []profile.Attribute
	linesGiven   bool
	lines        []phone.Line
	warnings     []Warning
}

// Warning is something about a row that was not done.
type Warning struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

func (u *unit) warn(code *errs.Error, detail string) {
	u.warnings = append(u.warnings, Warning{code.Code, code.Message + " (" + csvfile.Clip(detail, 64) + ")"})
}

// identity is what must stand in the file once.
func (u *unit) identity() string {
	switch {
	case u.family.bySerial:
		return "s" + u.serial
	case !u.mac.IsZero():
		return "m" + u.mac.String()
	}
	return ""
}

// cells are a row under its header.
type cells struct {
	at  map[string]int // column by its folded name
	row csvfile.Row
}

func (c cells) get(names ...string) string {
	for _, n := range names {
		if i, has := c.at[n]; has && c.row.Cells[i] != "" {
			return c.row.Cells[i]
		}
	}
	return ""
}

func (c cells) has(name string) bool { _, has := c.at[name]; return has }

// readUnits reads a file of devices. A fault of the file as a whole is an error; what is wrong with one row stands in its unit.
func (s *Service) readUnits(f ImportFile) ([]*unit, error) {
	data, err := unzipped(f.Data)
	if err != nil {
		return nil, err
	}
	t, err := csvfile.Read(data, f.Separator, maxImport, errImportRows)
	if err != nil {
		return nil, err
	}
	at, err := columnsOf(t)
	if err != nil {
		return nil, err
	}
	var read func(cells) *unit
	var attributes []int
	switch f.Format {
	case "", FormatLinecard:
		read, attributes = s.linecardRow, others(t.Header, "mac_address", "serial_number", "endpoint_type", "endpoint_name", "endpoint_group")
	case FormatPolyLens:
		read, attributes = s.lensRow, others(t.Header, "mac_address", "serial_number", "device_model", "room_name", "site_name")
	case FormatFusion:
		read = s.fusionRow
	default:
		return nil, errFormat
	}
	if !hasAny(at, "mac_address", "serial_number", "device_mac_address", "device_address") {
		return nil, csvfile.ErrHeader.With("header", "mac_address")
	}
	var out []*unit
	first := map[string]*unit{}
	for _, r := range t.Rows {
		if f.Armed {
			for i, c := range r.Cells {
				r.Cells[i] = csvfile.Plain(c)
			}
		}
		var u *unit
		if len(r.Cells) > len(t.Header) {
			u = &unit{err: errRowLong}
			u.shown = csvfile.Clip(cells{at, r}.get("mac_address", "device_mac_address", "device_address", "serial_number"), 40)
		} else {
			u = read(cells{at, r})
			for _, i := range attributes {
				if r.Cells[i] != "" {
					u.attributes = append(u.attributes, profile.Attribute{Name: t.Header[i], Value: r.Cells[i]})
				}
			}
		}
		u.line = r.Line
		id := u.identity()
		if before := first[id]; u.err == nil && id != "" && before != nil {
			if before.joined(u) {
				continue
			}
			u.err = errRowTwice.With("line", strconv.Itoa(before.line))
		} else if u.err == nil && id != "" {
			first[id] = u
		}
		out = append(out, u)
	}
	return out, nil
}

// joined takes a row that says nothing but another line of the same device.
func (u *unit) joined(more *unit) bool {
	if len(u.lines) == 0 || len(more.lines) == 0 {
		return false
	}
	for _, l := range more.lines {
		if slices.ContainsFunc(u.lines, func(o phone.Line) bool { return o.Number == l.Number }) {
			return false
		}
	}
	u.lines, u.also = append(u.lines, more.lines...), append(u.also, more.line)
	return true
}

// unzipped gives the table of a ZIP file, and anything else as it is.
func unzipped(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return data, nil
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, errZip.Because(err)
	}
	var table *zip.File
	for _, f := range z.File {
		if f.FileInfo().IsDir() || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		if table != nil {
			return nil, errZip
		}
		table = f
	}
	if table == nil {
		return nil, errZip
	}
	r, err := table.Open()
	if err != nil {
		return nil, errZip.Because(err)
	}
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, maxTable+1)) // what its directory says of the size need not be true
	if err != nil || len(out) > maxTable {
		return nil, errZip.Because(err)
	}
	return out, nil
}

// columnsOf gives the columns of a table by their names in lower case. A name twice, or none over cells that hold something, is a fault
// of the file (DM-241).
func columnsOf(t csvfile.Table) (map[string]int, error) {
	at := map[string]int{}
	for i, h := range t.Header {
		n := db.Fold(h)
		if _, twice := at[n]; twice && n != "" {
			return nil, csvfile.ErrHeader.With("header", csvfile.Clip(h, 64))
		}
		if n == "" && slices.ContainsFunc(t.Rows, func(r csvfile.Row) bool { return r.Cells[i] != "" }) {
			return nil, csvfile.ErrHeader.With("header", "#"+strconv.Itoa(i+1))
		}
		at[n] = i
	}
	return at, nil
}

// others gives the columns of parameters: all that have a name but these.
func others(header []string, known ...string) []int {
	var out []int
	for i, h := range header {
		if h != "" && !slices.Contains(known, db.Fold(h)) {
			out = append(out, i)
		}
	}
	return out
}

func hasAny(at map[string]int, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { _, has := at[n]; return has })
}

// linecardRow reads a row of chapter 19.
func (s *Service) linecardRow(c cells) *unit {
	u := &unit{groupsGiven: c.has("endpoint_group")}
	family, err := familyOf(c.get("endpoint_type"))
	u.family = family
	if err == nil {
		err = u.identify(c, strictMAC)
	}
	if err == nil {
		u.name, err = fileName(c.get("endpoint_name"))
	}
	u.err = err
	for _, g := range strings.Split(c.get("endpoint_group"), "|") {
		if g = strings.TrimSpace(g); g != "" && !slices.Contains(u.groups, g) {
			u.groups = append(u.groups, g)
		}
	}
	s.setMaker(u, "poly") // until it is seen (DM-231)
	return u
}

// lensRow reads a row of a Poly Lens export.
func (s *Service) lensRow(c cells) *unit {
	u := &unit{model: csvfile.Clip(c.get("device_model"), 60), about: csvfile.Clip(c.get("room_name"), 250), site: c.get("site_name")}
	if strings.HasPrefix(db.Fold(u.model), "poly studio") || strings.HasPrefix(db.Fold(u.model), "studio") {
		u.family, _ = familyOf("Poly Studio")
	}
	u.err = u.identify(c, phone.ParseMAC)
	u.tidyName(c.get("room_name"))
	s.setMaker(u, "poly")
	return u
}

// identify reads MAC and serial number.
func (u *unit) identify(c cells, parse func(string) (phone.MAC, error)) error {
	mac, number := c.get("mac_address"), c.get("serial_number")
	u.shown = csvfile.Clip(mac, 40)
	if u.family.bySerial || mac == "" {
		u.shown = csvfile.Clip(number, 40)
	}
	var faults errs.Checker
	u.serial = serial(&faults, "serial_number", number, false)
	if err := faults.Err(); err != nil {
		return err
	}
	switch {
	case mac == "" && number == "", u.family.bySerial && number == "":
		return errNoIdentifier
	case mac == "" && u.family.Name == "":
		return errNoType
	case mac == "" && !u.family.bySerial:
		return errNoIdentifier
	case mac == "":
		u.shown = u.serial
		return nil
	}
	m, err := readMAC(mac, parse)
	if err != nil {
		return err
	}
	u.mac = m
	if u.shown = u.serial; !u.family.bySerial {
		u.shown = m.String()
	}
	return nil
}

// roundedMAC is a MAC address as a spreadsheet shows a large number; shortMAC is one that lost zeros.
var (
	roundedMAC = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$`)
	shortMAC   = regexp.MustCompile(`^[0-9A-Fa-f]{6,11}$`)
)

// readMAC reads a MAC address, and says what happened to one that a spreadsheet has damaged.
func readMAC(text string, parse func(string) (phone.MAC, error)) (phone.MAC, error) {
	m, err := parse(text)
	switch {
	case err == nil:
		return m, nil
	case roundedMAC.MatchString(text) && strings.ContainsAny(text, ".,+"):
		return m, errMACRounded
	case shortMAC.MatchString(text):
		return m, errMACShort.With("proposal", strings.Repeat("0", 12-len(text))+strings.ToLower(text))
	case roundedMAC.MatchString(text):
		return m, errMACRounded
	}
	return m, err
}

// strictMAC reads the one spelling that files of chapter 19 have (DM-242).
func strictMAC(s string) (phone.MAC, error) {
	m, err := phone.ParseMAC(s)
	if err == nil && len(s) != 12 || err != nil && errs.As(err).Fields[0].Code == "bad_mac" {
		err = errMACStrict
	}
	return m, err
}

// fileName checks a name (DM-245); "" leaves what is there.
func fileName(s string) (string, error) {
	var c errs.Checker
	s = name(&c, "endpoint_name", s, 0)
	return s, c.Err()
}

var errNameTidied = errs.New(errs.Invalid, "name_tidied", "Only letters, digits and # . - _ ( ) [ ] are allowed in names, so the others were replaced.")

var forbidden = regexp.MustCompile(`[^A-Za-z0-9#.\-_()\[\]]+`)

// tidyName makes a name of another system's text, which may hold what no name here may.
func (u *unit) tidyName(text string) {
	u.name = strings.Trim(forbidden.ReplaceAllString(text, "_"), "_")
	if r := []rune(u.name); len(r) > 128 {
		u.name = string(r[:128])
	}
	if u.name != text {
		u.warn(errNameTidied, text)
	}
}

// setMaker says whose device it is: as its type or the file says, as its MAC tells, or else otherwise.
func (s *Service) setMaker(u *unit, otherwise string) {
	if u.maker == "" {
		u.maker = u.family.maker
	}
	if u.maker == "" && !u.mac.IsZero() {
		u.maker = s.makers.Of(u.mac)
	}
	if u.maker == "" {
		u.maker = otherwise
	}
	if u.maker == "" && u.err == nil {
		u.err = errNoMaker
	}
}

// vendors are the makers as FusionPBX calls them.
var vendors = map[string]string{"poly": "poly", "polycom": "poly", "yealink": "yealink", "cisco": "cisco", "linksys": "cisco", "grandstream": "grandstream", "snom": "snom"}

var errDisabled = errs.New(errs.Conflict, "row_disabled", "The device is switched off in the other system.")

// fusionRow reads a row of a FusionPBX device export: a device with one of its lines.
func (s *Service) fusionRow(c cells) *unit {
	u := &unit{}
	text := c.get("device_mac_address", "device_address", "mac_address")
	u.shown = csvfile.Clip(text, 40)
	if text == "" {
		u.err = errNoIdentifier
		return u
	}
	if u.mac, u.err = readMAC(text, phone.ParseMAC); u.err == nil {
		u.shown = u.mac.String()
	}
	template := strings.Split(db.Fold(c.get("device_template")), "/")
	u.maker = vendors[db.Fold(c.get("device_vendor"))]
	if u.maker == "" {
		u.maker = vendors[template[0]]
	}
	if m := template[len(template)-1]; len(template) > 1 && u.maker != "poly" { // templates of that maker are named after software
		u.model = csvfile.Clip(strings.ToUpper(m), 60)
	}
	u.tidyName(c.get("device_label"))
	u.about = csvfile.Clip(c.get("device_description"), 250)
	if v := db.Fold(c.get("device_enabled")); v == "false" || v == "0" || v == "f" {
		u.skip = errDisabled
	}
	s.setMaker(u, "")
	if u.err == nil {
		u.linesGiven = true
		u.err = u.fusionLine(c)
	}
	return u
}

// fusionLine reads the line of a row, when it has one.
func (u *unit) fusionLine(c cells) error {
	user := c.get("user_id")
	if user == "" {
		return nil
	}
	var p LinePatch
	number, _ := strconv.Atoi(c.get("line_number"))
	number = max(number, 1)
	port, _ := strconv.Atoi(c.get("sip_port"))
	expires, _ := strconv.Atoi(c.get("register_expires"))
	var registrars, proxies []phone.Server
	for _, n := range []string{"server_address", "server_address_primary", "server_address_secondary"} {
		if h, at := hostPort(c.get(n), port); h != "" && !slices.Contains(registrars, phone.Server{Host: h, Port: at}) {
			registrars = append(registrars, phone.Server{Host: h, Port: at})
		}
	}
	for _, n := range []string{"outbound_proxy", "outbound_proxy_primary", "outbound_proxy_secondary"} {
		if h, at := hostPort(c.get(n), 0); h != "" {
			proxies = append(proxies, phone.Server{Host: h, Port: at})
		}
	}
	display := strings.Join(strings.Fields(c.get("display_name")), " ") // some hold line breaks
	auth, word := c.get("auth_id"), secret.Hide(c.get("password"))
	transport := phone.Transport(db.Fold(c.get("sip_transport")))
	if transport != phone.UDP && transport != phone.TCP && transport != phone.TLS {
		transport = phone.Auto // "dns srv"
	}
	p = LinePatch{Number: &number, User: &user, AuthUser: &auth, DisplayName: &display, Registrars: &registrars, Proxies: &proxies, Transport: &transport}
	if expires > 0 {
		p.Expires = &expires
	}
	if v := db.Fold(c.get("shared_line")); len(registrars) > 0 && (v == "true" || v == "1" || v == "shared") {
		address := user + "@" + registrars[0].Host
		p.SharedWith = &address
	}
	var faults errs.Checker
	l := phone.Line{Password: word.Reveal()}
	faults.Text("password", l.Password, 0, 255)
	p.fill(&faults, &l)
	u.lines = []phone.Line{l}
	return faults.Err()
}

// hostPort divides "host:port"; the port is otherwise when none is given.
func hostPort(s string, otherwise int) (string, int) {
	host, port, ok := strings.Cut(s, ":")
	if n, err := strconv.Atoi(port); ok && err == nil && !strings.Contains(port, ":") {
		return host, n
	}
	return s, otherwise
}
