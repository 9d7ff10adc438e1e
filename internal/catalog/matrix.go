package catalog

// Cell says whether a package includes a feature, and up to which limit.
type Cell struct {
	Package  string
	Included bool
	Limit    string // text of a limit, "" for none
}

// Row is a feature with a cell for each package.
type Row struct {
	Feature Feature
	Cells   []Cell // in the order of the packages
}

// services are the rows of the matrix that are not calling features; they follow from the flags of the packages (WS-17).
var services = []struct {
	Feature
	cell func(Item) Cell
}{
	{Feature{Number: "M1", Key: "messaging", Level: "service", Group: "messaging", Name: "Messaging with spaces and file sharing"},
		func(i Item) Cell { return Cell{Included: i.Messaging} }},
	{Feature{Number: "M2", Key: "meetings", Level: "service", Group: "meetings", Name: "Meetings"}, func(i Item) Cell {
		return Cell{Included: i.Meetings != NoMeetings, Limit: map[Meetings]string{BasicMeetings: "basic", FullMeetings: "up to 1000 participants"}[i.Meetings]}
	}},
}

// Matrix sets features against base packages. It is made of the same data by which Entitled decides, so the two never differ (WS-17).
func Matrix(items []Item) (packages []Item, rows []Row) {
	for _, i := range items {
		if i.Kind == Base {
			packages = append(packages, i)
		}
	}
	for _, f := range AllFeatures() {
		r := Row{Feature: f}
		for _, p := range packages {
			limit, ok := p.Entitled(f.Key)
			r.Cells = append(r.Cells, Cell{p.Code, ok, limit})
		}
		rows = append(rows, r)
	}
	for _, s := range services {
		r := Row{Feature: s.Feature}
		for _, p := range packages {
			c := s.cell(p)
			c.Package = p.Code
			r.Cells = append(r.Cells, c)
		}
		rows = append(rows, r)
	}
	return packages, rows
}
