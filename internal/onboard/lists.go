package onboard

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// List is a list of restricted parties that was loaded (WS-44).
type List struct {
	ID       string  `db:"id"`
	Name     string  `db:"name"`
	SHA256   string  `db:"sha256"` // of the file
	Entries  int64   `db:"entries"`
	InForce  bool    `db:"in_force"`
	Loaded   db.Time `db:"loaded"`
	LoadedBy string  `db:"loaded_by"`
	Ended    db.Time `db:"ended"` // when another one of its name came; zero while in force
}

// Entry is a party of a list. The fields are those of the public Consolidated Screening List that a check can use.
type Entry struct {
	Number    string   `json:"n,omitempty"` // entity_number, else _id
	Source    string   `json:"s"`           // which of the consolidated lists
	Type      string   `json:"t,omitempty"` // Individual, Entity, Vessel, Aircraft
	Name      string   `json:"m"`
	AltNames  []string `json:"a,omitempty"`
	Addresses []string `json:"d,omitempty"`
	Countries []string `json:"c,omitempty"` // of its addresses, ISO 3166-1 alpha-2
	Emails    []string `json:"e,omitempty"`
}

// Hit is a possible match; only the compliance team may see it (WS-44).
type Hit struct {
	ListID string `json:"list_id"`
	List   string `json:"list"`
	Source string `json:"source"`
	Number string `json:"number"`
	Name   string `json:"name"`   // of the party as the list has it
	On     string `json:"on"`     // name, contact, address or email
	Given  string `json:"given"`  // what of the customer matched
	Score  int    `json:"score"`  // thousandths
	Abroad bool   `json:"abroad"` // no address of the party lies in the customer's country
}

// MaxList is the largest file of restricted parties, in bytes.
const MaxList = 64 << 20

const mostEntries = 500_000

var (
	errListHeader  = errs.New(errs.Invalid, "list_header", "The first row must name the columns of the Consolidated Screening List, at least name and source.")
	errListBroken  = errs.New(errs.Invalid, "list_malformed", "The file is not a CSV file in UTF-8.")
	errListEmpty   = errs.New(errs.Invalid, "list_empty", "The file holds no party.")
	errListLarge   = errs.New(errs.TooLarge, "list_too_large", "The file holds too many parties.")
	errListMissing = errs.New(errs.NotFound, "not_found", "There is no such list.")
	mailAddress    = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`)
)

// ReadList reads a file with the columns of the public Consolidated Screening List. Columns may stand in any order and unknown ones are
// left alone; several values in a field are separated by semicolons. A row without a name is left out.
func ReadList(r io.Reader) ([]Entry, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	head, err := in.Read()
	if err != nil {
		return nil, errListHeader.Because(err)
	}
	at := map[string]int{}
	for i, h := range head {
		at[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))] = i
	}
	for _, must := range []string{"name", "source"} {
		if _, ok := at[must]; !ok {
			return nil, errListHeader
		}
	}
	var out []Entry
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errListBroken.Because(err)
		}
		field := func(name string) string {
			if i, ok := at[name]; ok && i < len(row) {
				return strings.ToValidUTF8(strings.TrimSpace(strings.Clone(row[i])), "")
			}
			return ""
		}
		e := Entry{Number: field("entity_number"), Source: field("source"), Type: field("type"), Name: field("name"), AltNames: several(field("alt_names")),
			Addresses: several(field("addresses"))}
		if e.Name == "" {
			continue
		}
		if e.Number == "" {
			e.Number = field("_id")
		}
		for _, a := range e.Addresses {
			parts := strings.Split(a, ",")
			if c := strings.TrimSpace(parts[len(parts)-1]); len(c) == 2 && !slices.Contains(e.Countries, strings.ToUpper(c)) {
				e.Countries = append(e.Countries, strings.ToUpper(c))
			}
		}
		for _, m := range mailAddress.FindAllString(field("ids")+" "+field("remarks"), 20) {
			e.Emails = append(e.Emails, db.Fold(m))
		}
		if out = append(out, e); len(out) > mostEntries {
			return nil, errListLarge
		}
	}
	if len(out) == 0 {
		return nil, errListEmpty
	}
	return out, nil
}

func several(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ";") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// LoadList puts a list in force in place of the one of the same name. Customers that wait are looked at again at once. Only who
// decides about compliance may.
func (s *Service) LoadList(ctx context.Context, actor access.Actor, name string, file io.Reader) (List, error) {
	root, err := s.compliance(ctx, s.db, actor, access.ComplianceDecide)
	if err != nil {
		return List{}, err
	}
	var c errs.Checker
	name = c.Text("name", name, 1, 64)
	if err := c.Err(); err != nil {
		return List{}, err
	}
	data, err := io.ReadAll(io.LimitReader(file, MaxList+1))
	if err != nil {
		return List{}, err
	}
	if len(data) > MaxList {
		return List{}, errListLarge
	}
	entries, err := ReadList(bytes.NewReader(data))
	if err != nil {
		return List{}, err
	}
	sum := sha256.Sum256(data)
	packed, err := pack(entries)
	if err != nil {
		return List{}, err
	}
	out := List{ID: db.NewID(), Name: name, SHA256: hex.EncodeToString(sum[:]), Entries: int64(len(entries)), InForce: true, LoadedBy: actor.Name}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.Loaded = tx.Now()
		if _, err := tx.Exec(ctx, `UPDATE onboard_lists SET in_force = FALSE, ended = $2, data = $3 WHERE name = $1 AND in_force`, name, tx.Now(), []byte{}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onboard_lists (id, name, sha256, entries, data, in_force, loaded, loaded_by) VALUES ($1, $2, $3, $4, $5, TRUE, $6, $7)`,
			out.ID, name, out.SHA256, out.Entries, packed, out.Loaded, out.LoadedBy); err != nil {
			return err
		}
		if err := enqueueRecheck(ctx, tx); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "screening_list.loaded", Action: "screening_list/load", Tenant: root.Access(),
			Target: journal.Target{Kind: "screening_list", ID: out.ID, Name: name}, Data: map[string]any{"entries": out.Entries, "sha256": out.SHA256}})
	})
	return out, err
}

// RemoveList takes a list out of force. Customers that wait are looked at again at once.
func (s *Service) RemoveList(ctx context.Context, actor access.Actor, id string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		root, err := s.compliance(ctx, tx, actor, access.ComplianceDecide)
		if err != nil {
			return err
		}
		var name string
		if err := tx.Get(ctx, &name, `SELECT name FROM onboard_lists WHERE id = $1 AND in_force`, id); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				err = errListMissing
			}
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onboard_lists SET in_force = FALSE, ended = $2, data = $3 WHERE id = $1`, id, tx.Now(), []byte{}); err != nil {
			return err
		}
		if err := enqueueRecheck(ctx, tx); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "screening_list.removed", Action: "screening_list/remove", Tenant: root.Access(),
			Target: journal.Target{Kind: "screening_list", ID: id, Name: name}})
	})
}

// Lists gives every list that was ever loaded, the newest first.
func (s *Service) Lists(ctx context.Context, actor access.Actor, page db.Page) ([]List, string, error) {
	if _, err := s.compliance(ctx, s.db, actor, access.ComplianceView); err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	k, err := page.Keyset(a, "id", db.Sort{Name: "loaded", Column: "loaded", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []List
	if err := s.db.Select(ctx, &all, `SELECT id, name, sha256, entries, in_force, loaded, loaded_by, ended FROM onboard_lists WHERE `+k.Where+` ORDER BY `+k.OrderBy+
		` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(l List) (any, string) { return l.Loaded.UnixMilli(), l.ID })
	return all, next, nil
}

func pack(entries []Entry) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(entries); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// lists is what this process remembers of the lists in force: they are large and change rarely, and every screening asks the database
// first whether they are still the same.
type lists struct {
	mu  sync.Mutex
	key string
	ix  *index
}

// index finds parties by words that are alike.
type index struct {
	ids     []string // of the lists, in order
	parties []party
	byWord  map[string][]int32 // word → names that have it
	vocab   []string
	names   []named
	emails  map[string][]int32
	places  map[string][]int32
}

type party struct {
	Entry
	list List
}

type named struct {
	party int32
	whole string
	words []string
}

// inForce gives the index over the lists in force.
func (s *Service) inForce(ctx context.Context, q db.Q) (*index, error) {
	var now []List
	if err := q.Select(ctx, &now, `SELECT id, name, sha256, entries, in_force, loaded, loaded_by, ended FROM onboard_lists WHERE in_force ORDER BY id`); err != nil {
		return nil, err
	}
	key := ""
	for _, l := range now {
		key += l.ID + " "
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	if s.known.ix != nil && s.known.key == key {
		return s.known.ix, nil
	}
	ix := &index{byWord: map[string][]int32{}, emails: map[string][]int32{}, places: map[string][]int32{}}
	for _, l := range now {
		var data []byte
		if err := q.Get(ctx, &data, `SELECT data FROM onboard_lists WHERE id = $1`, l.ID); err != nil {
			return nil, err
		}
		entries, err := unpack(data)
		if err != nil {
			return nil, err
		}
		ix.ids = append(ix.ids, l.ID)
		for _, e := range entries {
			ix.add(party{e, l})
		}
	}
	s.known.key, s.known.ix = key, ix
	return ix, nil
}

func unpack(data []byte) ([]Entry, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var out []Entry
	return out, json.NewDecoder(z).Decode(&out)
}

func (x *index) add(p party) {
	at := int32(len(x.parties))
	x.parties = append(x.parties, p)
	for _, name := range append([]string{p.Name}, p.AltNames...) {
		w := words(name)
		if len(w) == 0 {
			continue
		}
		n := int32(len(x.names))
		all := whole(name)
		x.names = append(x.names, named{at, all, w})
		if len(w) > 1 {
			w = append(slices.Clone(w), joined(w)) // so that one word finds two
		}
		if !slices.Contains(w, all) {
			w = append(slices.Clone(w), all)
		}
		for _, one := range w {
			if len(x.byWord[one]) == 0 {
				x.vocab = append(x.vocab, one)
			}
			x.byWord[one] = append(x.byWord[one], n)
		}
	}
	for _, m := range p.Emails {
		x.emails[m] = append(x.emails[m], at)
	}
	for _, a := range p.Addresses {
		if k := place(a); k != "" {
			x.places[k] = append(x.places[k], at)
		}
	}
}

// place is an address as it is compared: exactly, without case and punctuation. Too short a one says nothing.
func place(a string) string {
	w := strings.Fields(strings.Join(words(a), " "))
	if len(w) < 4 || !strings.ContainsAny(a, "0123456789") {
		return ""
	}
	return strings.Join(w, " ")
}

// weight says how much a word tells: the rarer in the lists, the more. One that stands nowhere tells most.
func (x *index) weight(w string) float64 {
	return math.Log(1 + float64(len(x.names)+10)/float64(len(x.byWord[w])+1))
}

// Subject is whom a check looks for.
type Subject struct {
	Name, Contact, Email string
	Address              Address
}

const mostHits = 20

// search gives the parties that the subject may be, the best first; nil when there is none.
func (x *index) search(who Subject) []Hit {
	best := map[int32]Hit{}
	note := func(at int32, h Hit) {
		p := x.parties[at]
		h.ListID, h.List, h.Source, h.Number, h.Name = p.list.ID, p.list.Name, p.Source, p.Number, p.Name
		h.Abroad = len(p.Countries) > 0 && who.Address.Country != "" && !slices.Contains(p.Countries, who.Address.Country)
		if h.On != "email" && h.On != "address" && h.Abroad && float64(h.Score)/1000 < ThresholdAbroad {
			return
		}
		if old, ok := best[at]; !ok || old.Score < h.Score {
			best[at] = h
		}
	}
	for on, given := range map[string]string{"name": who.Name, "contact": who.Contact} {
		if given == "" || on == "contact" && given == who.Name {
			continue
		}
		w, all := words(given), whole(given)
		for n := range x.candidates(append(slices.Clone(w), all)) {
			s := score(w, x.names[n].words, x.weight)
			if all == x.names[n].whole {
				s = 1
			}
			if s >= Threshold {
				note(x.names[n].party, Hit{On: on, Given: given, Score: int(s*1000 + 0.5)})
			}
		}
	}
	for _, at := range x.emails[db.Fold(who.Email)] {
		note(at, Hit{On: "email", Given: who.Email, Score: 1000})
	}
	if a := who.Address; a.Line1 != "" {
		text := strings.Join([]string{a.Line1, a.City, a.State, a.PostalCode, a.Country}, ", ")
		for _, at := range x.places[place(text)] {
			note(at, Hit{On: "address", Given: text, Score: 1000})
		}
	}
	var out []Hit
	for _, h := range best {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Hit) int {
		if a.Score != b.Score {
			return b.Score - a.Score
		}
		return strings.Compare(a.ListID+a.Number+a.Name, b.ListID+b.Number+b.Name)
	})
	return out[:min(len(out), mostHits)]
}

// candidates are the names that share a word that is alike with one of w.
func (x *index) candidates(w []string) map[int32]bool {
	out := map[int32]bool{}
	if len(w) > 1 {
		w = append(slices.Clone(w), joined(w))
	}
	for _, one := range w {
		for _, v := range x.vocab {
			if v == one || similarity(one, v) >= alike {
				for _, n := range x.byWord[v] {
					out[n] = true
				}
			}
		}
	}
	return out
}
