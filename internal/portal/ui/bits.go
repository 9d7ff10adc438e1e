package ui

import (
	"context"
	"io"
)

// Branches is a tree of check boxes in two levels: groups with their options, all sent under one name.
type Branches struct {
	Name, Label, Hint, Fault string
	Groups                   []Branch
}

// Branch is one group of the tree.
type Branch struct {
	Label   string
	Options []Option
}

// Render writes the tree.
func (b Branches) Render(ctx context.Context, w io.Writer) error { return branches(b).Render(ctx, w) }

// Step is one thing that can be done with an object.
type Step struct {
	Title, Text string
	Action      Action
}
