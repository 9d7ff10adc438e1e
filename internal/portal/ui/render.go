package ui

import (
	"context"
	"io"
)

// The view models are components themselves, so that a page can put them into a list or a cell.

// Render writes the button or link.
func (a Action) Render(ctx context.Context, w io.Writer) error { return button(a).Render(ctx, w) }

// Render writes the state.
func (b Badge) Render(ctx context.Context, w io.Writer) error { return badge(b).Render(ctx, w) }

// Render writes the remark.
func (n Notice) Render(ctx context.Context, w io.Writer) error { return notice(n).Render(ctx, w) }

// Render writes the empty state.
func (e Empty) Render(ctx context.Context, w io.Writer) error { return empty(e).Render(ctx, w) }

// Render writes the number.
func (s Stat) Render(ctx context.Context, w io.Writer) error { return stat(s).Render(ctx, w) }

// Render writes the value with its copy button.
func (s Secret) Render(ctx context.Context, w io.Writer) error { return secret(s).Render(ctx, w) }

// Render writes the operation's state.
func (p Progress) Render(ctx context.Context, w io.Writer) error { return progress(p).Render(ctx, w) }

// Render writes grey lines.
func (s Skeleton) Render(ctx context.Context, w io.Writer) error { return skeleton(s).Render(ctx, w) }

// Render writes the question with its form.
func (q Question) Render(ctx context.Context, w io.Writer) error { return question(q).Render(ctx, w) }

// Render writes the list with its pager.
func (t Table) Render(ctx context.Context, w io.Writer) error { return table(t).Render(ctx, w) }

// Render writes the ways to the next and the previous page.
func (p Pager) Render(ctx context.Context, w io.Writer) error { return pager(p).Render(ctx, w) }

// Render writes the filter bar.
func (f Filters) Render(ctx context.Context, w io.Writer) error { return filters(f).Render(ctx, w) }

// Render writes the search box.
func (s Search) Render(ctx context.Context, w io.Writer) error { return search(s).Render(ctx, w) }

// Render writes the field.
func (i Input) Render(ctx context.Context, w io.Writer) error { return input(i).Render(ctx, w) }

// Render writes the field.
func (s Select) Render(ctx context.Context, w io.Writer) error { return selectField(s).Render(ctx, w) }

// Render writes the group.
func (c Choices) Render(ctx context.Context, w io.Writer) error { return choices(c).Render(ctx, w) }

// Render writes the field.
func (a Area) Render(ctx context.Context, w io.Writer) error { return area(a).Render(ctx, w) }

// Render writes the switch.
func (s Switch) Render(ctx context.Context, w io.Writer) error { return switchField(s).Render(ctx, w) }

// Render writes the title of a part of a form.
func (s Section) Render(ctx context.Context, w io.Writer) error { return section(s).Render(ctx, w) }
