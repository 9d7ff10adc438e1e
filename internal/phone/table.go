package phone

import (
	"fmt"
	"strconv"
	"strings"
)

// Table reads a built-in dictionary, a parameter a line:
//
//	name | type | default | help
//
// {1-16} in a name stands for each of these numbers. Types are text,
// text<=255 (bytes), bool (0/1), yesno (Yes/No), int, int 0..65535 and enum a,b,c. The default is - when it is in no source and ""
// when it is empty. Lines that begin with # are comments. It panics on a broken line: the table is part of the program.
func Table(maker, family, version, table string) Dictionary {
	var all []Parameter
	for i, line := range strings.Split(table, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.SplitN(line, "|", 4)
		if len(cells) != 4 {
			panic(fmt.Sprintf("phone: line %d of the %s dictionary has no four cells: %s", i+1, maker, line))
		}
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		p := typed(cells[1])
		if cells[2] != "-" {
			value := strings.Trim(cells[2], `"`)
			p.Default = &value
		}
		for _, name := range numbered(cells[0]) {
			p.Name, p.Help = name, cells[3]
			all = append(all, p)
		}
	}
	return NewDictionary(maker, family, version, all)
}

func typed(s string) Parameter {
	kind, rest, _ := strings.Cut(s, " ")
	switch {
	case kind == "bool":
		return Parameter{Type: Boolean, Allowed: []string{"0", "1"}}
	case kind == "yesno":
		return Parameter{Type: Boolean, Allowed: []string{"Yes", "No"}}
	case kind == "enum":
		return Parameter{Type: Enum, Allowed: strings.Split(rest, ",")}
	case kind == "int" && rest == "":
		return Parameter{Type: Integer}
	case kind == "int":
		low, high, ok := strings.Cut(rest, "..")
		from, err1 := strconv.ParseInt(low, 10, 64)
		to, err2 := strconv.ParseInt(high, 10, 64)
		if !ok || err1 != nil || err2 != nil {
			panic("phone: bad range " + s)
		}
		return Parameter{Type: Integer, Min: &from, Max: &to}
	case s == "text":
		return Parameter{Type: Text}
	}
	most, ok := strings.CutPrefix(s, "text<=")
	n, err := strconv.Atoi(most)
	if !ok || err != nil {
		panic("phone: bad type " + s)
	}
	return Parameter{Type: Text, MaxBytes: n}
}

// numbered writes a name once for each number of its ranges.
func numbered(name string) []string {
	before, rest, ok := strings.Cut(name, "{")
	if !ok {
		return []string{name}
	}
	bounds, after, _ := strings.Cut(rest, "}")
	low, high, _ := strings.Cut(bounds, "-")
	from, err1 := strconv.Atoi(low)
	to, err2 := strconv.Atoi(high)
	if err1 != nil || err2 != nil || from > to {
		panic("phone: bad numbers in " + name)
	}
	var all []string
	for n := from; n <= to; n++ {
		all = append(all, numbered(before+strconv.Itoa(n)+after)...)
	}
	return all
}

// Bring makes the settings of a standard profile: name, value, name, value, all from one source and for one range of
// software. {1-16} in a name stands for each of these numbers.
func Bring(source, firmware string, pairs ...string) []StandardSetting {
	var all []StandardSetting
	for i := 0; i+1 < len(pairs); i += 2 {
		for _, name := range numbered(pairs[i]) {
			all = append(all, StandardSetting{Setting: Setting{Name: name, Value: pairs[i+1]}, Source: source, Firmware: firmware})
		}
	}
	return all
}
