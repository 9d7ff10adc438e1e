package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"linecard/internal/app"
)

// settingsFrom resolves flags that were not given on the command line: first LINECARD_<FLAG> in the environment, then the
// key of the YAML file, then the default. A secret may be given as a file: LINECARD_<FLAG>_FILE or <flag>_file.
type settingsFrom struct {
	env  func(string) (string, bool)
	file map[string]any
}

// readConfig reads the YAML file; "" is none.
func readConfig(name string) (map[string]any, error) {
	if name == "" {
		return nil, nil
	}
	b, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	var m map[string]any
	if err := yaml.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("the configuration file is not YAML: %w", err)
	}
	out := map[string]any{}
	for k, v := range m {
		out[strings.ReplaceAll(k, "_", "-")] = v
	}
	return out, nil
}

// Validate refuses keys of the file that no command knows, all at once.
func (s settingsFrom) Validate(a *kong.Application) error {
	known := map[string]bool{}
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		for _, f := range n.Flags {
			known[f.Name] = true
			if slices.Contains(app.Secrets, f.Name) {
				known[f.Name+"-file"] = true
			}
		}
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(a.Node)
	var faults []error
	for k := range s.file {
		if !known[k] {
			faults = append(faults, fmt.Errorf("the configuration file has an unknown key %q", k))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}

// Resolve gives the value of a flag from environment or file; nil when neither has it.
func (s settingsFrom) Resolve(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
	name := "LINECARD_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
	isSecret := slices.Contains(app.Secrets, f.Name)
	if v, ok := s.env(name); ok {
		return v, nil
	}
	if isSecret {
		if file, ok := s.env(name + "_FILE"); ok {
			return secretFile(file)
		}
	}
	if v, ok := s.file[f.Name]; ok {
		return plain(v), nil
	}
	if v, ok := s.file[f.Name+"-file"]; ok && isSecret {
		return secretFile(fmt.Sprint(v))
	}
	return nil, nil
}

func secretFile(name string) (any, error) {
	b, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("a secret's file cannot be read: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// plain turns YAML values into what kong reads: lists joined by commas, everything else as text.
func plain(v any) any {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = fmt.Sprint(p)
	}
	return strings.Join(parts, ",")
}
