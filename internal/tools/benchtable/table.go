package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// row is one benchmark: all values that its runs measured, by unit.
type row struct {
	pkg, name string
	values    map[string][]float64
	units     []string // in the order they came
}

type results struct {
	machine []string // goos, goarch, cpu
	rows    []*row
}

// procs is the number of processors that go test appends to a name.
var procs = regexp.MustCompile(`-[0-9]+$`)

// parse reads the format of golang.org/design/14313-benchmark-format. A failing run is an error, so that no table shows half of one.
func parse(r io.Reader) (*results, error) {
	var out results
	byName := map[string]*row{}
	pkg := ""
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), 1<<20)
	for in.Scan() {
		line := in.Text()
		key, value, _ := strings.Cut(line, ": ")
		switch {
		case strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "--- FAIL"):
			return nil, fmt.Errorf("a benchmark failed: %s", line)
		case key == "pkg":
			pkg = strings.TrimPrefix(value, "linecard/")
		case key == "goos" || key == "goarch" || key == "cpu":
			if !slices.Contains(out.machine, value) {
				out.machine = append(out.machine, value)
			}
		case strings.HasPrefix(line, "Benchmark"):
			fields := strings.Fields(line)
			if len(fields) < 4 {
				continue // a benchmark's own output broke the line
			}
			name := procs.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
			b := byName[pkg+" "+name]
			if b == nil {
				b = &row{pkg: pkg, name: name, values: map[string][]float64{}}
				byName[pkg+" "+name] = b
				out.rows = append(out.rows, b)
			}
			if err := b.add(fields[2:]); err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
		}
	}
	return &out, in.Err()
}

// add takes pairs of value and unit.
func (b *row) add(pairs []string) error {
	if len(pairs)%2 != 0 {
		return fmt.Errorf("a value without a unit")
	}
	for i := 0; i < len(pairs); i += 2 {
		v, err := strconv.ParseFloat(pairs[i], 64)
		if err != nil {
			return err
		}
		unit := pairs[i+1]
		if len(b.values[unit]) == 0 {
			b.units = append(b.units, unit)
		}
		b.values[unit] = append(b.values[unit], v)
	}
	return nil
}

// table is Markdown: a row a benchmark, time first, then the measures the benchmark itself reported, then memory.
func (r *results) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nMedians; %s.\n\n", strings.Join(r.machine, ", "))
	b.WriteString("| package | benchmark | time | measured | memory | runs |\n|---|---|---:|---|---|---:|\n")
	for _, row := range r.rows {
		var own, memory []string
		runs := 0
		for _, unit := range row.units {
			values := row.values[unit]
			runs = max(runs, len(values))
			figure := number(median(values)) + " " + unit
			switch unit {
			case "ns/op":
			case "B/op", "allocs/op":
				memory = append(memory, figure)
			default:
				own = append(own, figure)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d |\n", strings.TrimPrefix(row.pkg, "internal/"), row.name,
			duration(row.values["ns/op"]), strings.Join(own, ", "), strings.Join(memory, ", "), runs)
	}
	b.WriteString("\n")
	return b.String()
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// duration shows nanoseconds in the unit a person would use.
func duration(ns []float64) string {
	if len(ns) == 0 {
		return ""
	}
	v := median(ns)
	for _, unit := range []string{"ns", "µs", "ms"} {
		if v < 1000 {
			return number(v) + " " + unit
		}
		v /= 1000
	}
	return number(v) + " s"
}

// number shows three digits that count.
func number(v float64) string {
	if v == 0 || math.Abs(v) >= 100 {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
