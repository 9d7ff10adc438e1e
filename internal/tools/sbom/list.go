package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"runtime/debug"
	"strings"
)

// bom is what of CycloneDX 1.6 is written here.
type bom struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Licenses   []licence  `json:"licenses,omitempty"`
	PURL       string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type licence struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

// told are the settings of the build that say what the binary is; the others may hold paths.
var told = map[string]bool{"GOOS": true, "GOARCH": true, "GOAMD64": true, "GOARM64": true, "CGO_ENABLED": true, "-trimpath": true, "-ldflags": true, "vcs.revision": true}

// listOf makes the list of a binary. A module whose sum is missing, or is not the one of go.sum, is an error: such a binary was not built
// from what the sums vouch for.
func listOf(info *debug.BuildInfo, sums string, lock []byte) (bom, error) {
	self := component{Type: "application", Name: info.Main.Path, Version: info.Main.Version, PURL: purl("golang", info.Main.Path, info.Main.Version)}
	self.Ref = self.PURL
	for _, s := range info.Settings {
		if told[s.Key] {
			self.Properties = append(self.Properties, property{"go:build:" + s.Key, s.Value})
		}
	}
	std := component{Type: "library", Name: "std", Version: info.GoVersion, PURL: purl("golang", "std", strings.TrimPrefix(info.GoVersion, "go"))}
	std.Ref = std.PURL
	all := []component{std}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c, err := module(m, sums)
		if err != nil {
			return bom{}, err
		}
		all = append(all, c)
	}
	front, err := vendored(lock)
	if err != nil {
		return bom{}, err
	}
	list := bom{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: metadata{self}, Components: append(all, front...)}
	needs := dependency{Ref: self.Ref}
	for _, c := range list.Components {
		needs.DependsOn = append(needs.DependsOn, c.Ref)
	}
	list.Dependencies = []dependency{needs}
	return list, nil
}

func module(m *debug.Module, sums string) (component, error) {
	if !strings.Contains("\n"+sums, "\n"+m.Path+" "+m.Version+" "+m.Sum+"\n") || m.Sum == "" {
		return component{}, fmt.Errorf("%s %s has no sum that go.sum vouches for", m.Path, m.Version)
	}
	c := component{Type: "library", Name: m.Path, Version: m.Version, PURL: purl("golang", m.Path, m.Version), Properties: []property{{"go.sum", m.Sum}}}
	c.Ref = c.PURL
	return c, nil
}

// vendored gives the files of others that are embedded for browsers, and not those that only tests read.
func vendored(lock []byte) ([]component, error) {
	var l struct {
		Packages []struct {
			Name, Version, Licence, Integrity string
			Files                             []struct{ To string }
		}
	}
	if err := json.Unmarshal(lock, &l); err != nil {
		return nil, err
	}
	var out []component
	for _, p := range l.Packages {
		if len(p.Files) > 0 && strings.Contains(p.Files[0].To, "/testdata/") {
			continue
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
		if err != nil || len(sum) != 64 {
			return nil, fmt.Errorf("%s has no SHA-512 in the lock", p.Name)
		}
		c := component{Type: "library", Name: p.Name, Version: p.Version, Hashes: []hash{{"SHA-512", hex.EncodeToString(sum)}}, Licenses: make([]licence, 1), PURL: purl("npm", p.Name, p.Version)}
		c.Ref, c.Licenses[0].License.ID = c.PURL, p.Licence
		out = append(out, c)
	}
	return out, nil
}

// purl is the package URL of a part.
func purl(kind, name, version string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), "@", "%40")
	}
	s := "pkg:" + kind + "/" + strings.Join(parts, "/")
	if version != "" && version != "(devel)" {
		s += "@" + url.PathEscape(version)
	}
	return s
}
