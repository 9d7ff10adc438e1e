package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// Pages whose view models come from Go put the parts together with these; templates write the same with @Page(s) { … }.

// Full is a signed-in page with its content, one part below the other.
func Full(s Shell, content ...templ.Component) templ.Component { return around(Page(s), content) }

// CardOf is a framed part with its content; "" leaves the title out.
func CardOf(title string, content ...templ.Component) templ.Component {
	return around(Card(title), content)
}

// GridOf sets parts side by side where there is room.
func GridOf(content ...templ.Component) templ.Component { return around(Grid(), content) }

// FormOf is a form with its fields.
func FormOf(f Form, fields ...templ.Component) templ.Component { return around(FormView(f), fields) }

// Stack is one part below the other; nil ones are left out, so a page can leave a part away.
func Stack(content ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, c := range content {
			if c == nil {
				continue
			}
			if err := c.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// around gives an outer part its children.
func around(outer templ.Component, children []templ.Component) templ.Component {
	inner := Stack(children...)
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, inner), w)
	})
}
