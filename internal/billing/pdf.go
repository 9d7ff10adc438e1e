package billing

import (
	"io"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"linecard/internal/catalog"
)

// Letterhead is what a printed statement says beside its lines.
type Letterhead struct{ From, To, Address string }

// WritePDF prints a statement on A4. The fonts hold Latin, Greek and Cyrillic; other letters print as a box.
func (i Invoice) WritePDF(w io.Writer, head Letterhead) error {
	p := fpdf.New("P", "mm", "A4", "")
	p.SetCreationDate(i.Updated.Time)
	p.SetModificationDate(i.Updated.Time)
	p.SetCatalogSort(true)
	p.SetTitle("Statement "+i.Number, true)
	p.SetMargins(20, 18, 20)
	p.SetAutoPageBreak(true, 22)
	p.AddUTF8FontFromBytes("go", "", goregular.TTF)
	p.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	p.SetFooterFunc(func() {
		p.SetY(-15)
		p.SetFont("go", "", 8)
		p.SetTextColor(110, 110, 110)
		p.CellFormat(0, 5, "Page "+text(int64(p.PageNo())), "", 0, "R", false, 0, "")
	})
	p.AddPage()
	p.SetFont("go", "B", 18)
	title := "Statement"
	if i.Kind == KindCreditNote {
		title = "Credit note"
	}
	p.CellFormat(0, 10, title, "", 1, "L", false, 0, "")
	p.SetFont("go", "", 10)
	for _, line := range [][2]string{{"Number", or(i.Number, "draft")}, {"Period", i.Start + " – " + i.End}, {"From", head.From}, {"To", head.To}, {"", head.Address}, {"Subscription", i.SubscriptionID}} {
		if line[1] == "" {
			continue
		}
		p.SetTextColor(110, 110, 110)
		p.CellFormat(28, 5.5, line[0], "", 0, "L", false, 0, "")
		p.SetTextColor(0, 0, 0)
		p.CellFormat(0, 5.5, clip(p, printable(line[1]), 140), "", 1, "L", false, 0, "")
	}
	p.Ln(5)
	i.table(p)
	return p.Output(w)
}

var columnWidths = []float64{58, 36, 24, 24, 28}

func (i Invoice) table(p *fpdf.Fpdf) {
	heading := func() {
		p.SetFont("go", "B", 9)
		p.SetFillColor(240, 242, 245)
		for n, h := range []string{"Service", "Valid", "Quantity", "Price / month", "Amount " + i.Currency} {
			p.CellFormat(columnWidths[n], 7, h, "", 0, aligned(n), true, 0, "")
		}
		p.Ln(7)
		p.SetFont("go", "", 9)
	}
	heading()
	section := ""
	for _, l := range i.Lines.V {
		if p.GetY() > 265 {
			p.AddPage()
			heading()
		}
		if l.SubPartnerID != section {
			section = l.SubPartnerID
			p.SetFont("go", "B", 9)
			p.CellFormat(0, 7, clip(p, printable(or(l.SubPartnerName, l.SubPartnerID)), 165), "B", 1, "L", false, 0, "")
			p.SetFont("go", "", 9)
		}
		for n, cell := range []string{l.Name, l.From + " – " + l.To[5:], l.Quantity, catalog.PriceText(l.Price), Money(l.Amount, i.Currency)} {
			p.CellFormat(columnWidths[n], 6, clip(p, printable(cell), columnWidths[n]-2), "", 0, aligned(n), false, 0, "")
		}
		p.Ln(6)
	}
	p.SetFont("go", "B", 10)
	p.CellFormat(142, 9, "Total", "T", 0, "L", false, 0, "")
	p.CellFormat(28, 9, Money(i.Total, i.Currency), "T", 1, "R", false, 0, "")
	p.SetFont("go", "", 8)
	p.SetTextColor(110, 110, 110)
	p.MultiCell(0, 4, "Quantities of pro-rated services are unit-days; amount = price × quantity ÷ days of the period, rounded to the minor unit for each line. Taxes are not included.", "", "L", false)
}

func aligned(column int) string {
	if column < 2 {
		return "L"
	}
	return "R"
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// printable keeps letters that the fonts cannot have out of the page's arithmetic: they print as a box.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > 0x2fff && r != '€' {
			return '□'
		}
		return r
	}, s)
}

// clip shortens a text to a width in millimetres.
func clip(p *fpdf.Fpdf, s string, width float64) string {
	if p.GetStringWidth(s) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && p.GetStringWidth(string(r)+"…") > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}
