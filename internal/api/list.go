package api

import (
	"time"

	"linecard/internal/db"
)

// List is one page of a list.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next" doc:"Send it as cursor for the next page; empty at the end"`
}

// listOf makes the wire form of a page.
func listOf[S, T any](rows []S, next string, wire func(S) T) List[T] {
	l := List[T]{Items: make([]T, 0, len(rows)), Next: next}
	for _, r := range rows {
		l.Items = append(l.Items, wire(r))
	}
	return l
}

// Paged are the parameters that every list takes beside its sort.
type Paged struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"Most items of the page"`
	Cursor string `query:"cursor" doc:"next of the page before"`
}

func (p Paged) page(sort string) db.Page {
	return db.Page{Limit: p.Limit, Cursor: p.Cursor, Sort: sort}
}

// yesNo reads an optional boolean parameter; nil when it was not given.
func yesNo(s string) *bool {
	if s == "" {
		return nil
	}
	b := s == "true"
	return &b
}

// when is the wire form of an instant that may be absent: null then.
func when(t db.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t.Time
}

// orEmpty keeps a list from becoming null.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
