package ui

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Form is a form that is sent with POST. Scripts warn before unsaved changes of a Guard form are left.
type Form struct {
	URL     string
	Faults  Faults
	Submit  string
	Cancel  string // address; "" leaves the way out away
	Extra   []Action
	Hidden  []Hidden
	Guard   bool
	Danger  bool
	Narrow  bool // one column of reading width
	Upload  bool // multipart
	Columns bool // fields in two columns where there is room
}

// Input is a field of one line. Kind is an HTML input type; "" is text.
type Input struct {
	Name, Label, Hint, Value, Fault string
	Kind                            string // text, email, password, tel, url, date, datetime-local, number, search
	Autocomplete                    string
	Placeholder                     string
	Required, Optional, ReadOnly    bool // most fields are required, so only Optional is said beside the label
	Autofocus                       bool
	Mono                            bool
	Max                             int // characters; 0 is no limit
	Suffix                          string
	Compact                         bool // in a filter bar: small, without hint
	Wide                            bool // both columns
}

// Option is one choice of a Select or Choices.
type Option struct {
	Value, Label, Hint string
	Selected           bool
	Disabled           bool
}

// Select is a drop-down list.
type Select struct {
	Name, Label, Hint, Fault string
	Options                  []Option
	Required, Optional       bool
	Compact, Wide            bool
}

// Choices is a group of check boxes, or of radio buttons when One.
type Choices struct {
	Name, Label, Hint, Fault string
	Options                  []Option
	One, Required            bool
	Columns                  bool // side by side where there is room
}

// Area is a field of several lines.
type Area struct {
	Name, Label, Hint, Value, Fault string
	Rows, Max                       int
	Required, Optional, Mono        bool
}

// Switch is one yes or no that takes effect with the form. It sends "on".
type Switch struct {
	Name, Label, Hint, Fault string
	On                       bool
}

// Section groups fields below a title.
type Section struct{ Title, Text string }

// fieldID gives the id of a field's control; a path like subnets[2].public is made safe.
func fieldID(name string) string {
	return "f-" + strings.NewReplacer("[", "-", "]", "", ".", "-", " ", "-").Replace(name)
}

// described lists the ids of hint and fault for aria-describedby, "" when there are none.
func described(name, hint, fault string) string {
	var ids []string
	if fault != "" {
		ids = append(ids, fieldID(name)+"-fault")
	}
	if hint != "" {
		ids = append(ids, fieldID(name)+"-hint")
	}
	return strings.Join(ids, " ")
}

func fieldClass(base, fault string, compact, wide bool) string {
	if fault != "" {
		base += " field-bad"
	}
	if compact {
		base += " field-compact"
	}
	if wide {
		base += " field-wide"
	}
	return base
}

func coord(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// attrs gives the attributes that are present only when they say something.
func (i Input) attrs() templ.Attributes {
	a := templ.Attributes{}
	if d := described(i.Name, i.Hint, i.Fault); d != "" && !i.Compact {
		a["aria-describedby"] = d
	}
	if i.Fault != "" {
		a["aria-invalid"] = "true"
	}
	if i.Autocomplete != "" {
		a["autocomplete"] = i.Autocomplete
	}
	if i.Placeholder != "" {
		a["placeholder"] = i.Placeholder
	}
	if i.Max > 0 {
		a["maxlength"] = strconv.Itoa(i.Max)
	}
	if i.Kind == "email" || i.Kind == "password" || i.Mono {
		a["autocapitalize"], a["spellcheck"] = "off", "false"
	}
	return a
}

func (i Input) kind() string {
	if i.Kind == "" {
		return "text"
	}
	return i.Kind
}

func faultAttrs(name, hint, fault string) templ.Attributes {
	a := templ.Attributes{}
	if d := described(name, hint, fault); d != "" {
		a["aria-describedby"] = d
	}
	if fault != "" {
		a["aria-invalid"] = "true"
	}
	return a
}

func areaAttrs(f Area) templ.Attributes {
	a := faultAttrs(f.Name, f.Hint, f.Fault)
	if f.Max > 0 {
		a["maxlength"] = strconv.Itoa(f.Max)
	}
	return a
}
