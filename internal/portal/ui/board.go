package ui

import (
	"context"
	"io"
)

// Bars is a small chart: how many there are of each value, the largest first, each a link to the list that it counts.
type Bars struct {
	ID, Title string
	Rows      []Bar
	Empty     string // said when there are none
	More      string // address of all of them; "" leaves it out
	MoreText  string
}

// Bar is one value.
type Bar struct {
	Label, URL string // URL "" is no link
	N          int64
	Quiet      bool // unknown, others
}

// Render writes the chart.
func (b Bars) Render(ctx context.Context, w io.Writer) error { return bars(b).Render(ctx, w) }

// width is the length of a bar of a drawing that is 1000 wide; what is there at all can be seen.
func (b Bars) width(n int64) string {
	most := int64(1)
	for _, r := range b.Rows {
		most = max(most, r.N)
	}
	if n == 0 {
		return "0"
	}
	return Int(max(n*1000/most, 8))
}

// Alert is something that needs attention: how many, of what, and where to see them.
type Alert struct {
	Tone        Tone
	Count       string
	Title, Text string
	URL         string
}

// Alerts are shown with the worst first, in the given order; without any there is good news.
type Alerts struct {
	Title, Fine string
	All         []Alert
}

// Render writes the list.
func (a Alerts) Render(ctx context.Context, w io.Writer) error { return alerts(a).Render(ctx, w) }

// Ratio is one number as a part of another, with a meter.
type Ratio struct {
	Label, URL string
	N, Of      int64
	Note       string
}

// Render writes the number.
func (r Ratio) Render(ctx context.Context, w io.Writer) error { return ratio(r).Render(ctx, w) }
