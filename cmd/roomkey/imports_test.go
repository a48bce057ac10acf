package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	module        = "roomkey"
	livekitServer = "github.com/livekit/livekit-server"
)

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// packages are those of the module, and all they stand on.
func packages(t *testing.T) map[string]goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Standard,Imports,Deps", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]goPackage{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all[p.ImportPath] = p
	}
}

// house is the part of the module that a package belongs to: store for
// roomkey/store/storetest. It is empty for packages of others.
func house(path string) string {
	rest, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// forTests says whether a package helps tests, or is nothing but tests, and is
// no part of the program.
func forTests(path string) bool { return strings.HasSuffix(path, "test") || path == module+"/e2e" }

// insides are the packages inside cmd/roomkey, and which of the module's
// packages each may import beside meet.
var insides = map[string][]string{
	"bridge":     {"tools", "web", "build", "datafolder"},
	"build":      {"web"},
	"config":     {"auth", "livekit", "livekit/embedded", "tools"},
	"datafolder": {"auth", "store"},
	"doctor":     {"auth", "bridge", "config", "datafolder", "livekit", "store", "tokens", "web"},
	"tokens":     {"auth", "store", "config", "datafolder"},
}

// Every package inside cmd/roomkey knows no more than it needs.
func TestInsideCmd(t *testing.T) {
	t.Parallel()
	const root = module + "/cmd/roomkey/internal/"
	for path, p := range packages(t) {
		name, inside := strings.CutPrefix(path, root)
		if !inside {
			continue
		}
		allowed, known := insides[name]
		if !known {
			t.Errorf("%s: a package that the import rule does not know", path)
		}
		for _, imported := range p.Imports {
			to := strings.TrimPrefix(strings.TrimPrefix(imported, root), module+"/")
			if to != imported && to != "meet" && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: want only meet and %v", path, imported, allowed)
			}
		}
	}
}

// All arrows point at meet, siblings never import each other, and only cmd
// knows everyone.
func TestImportRule(t *testing.T) {
	t.Parallel()
	siblings := []string{"store", "livekit", "tools", "web", "auth"}
	all := packages(t)
	for _, sibling := range append(siblings, "meet", "cmd") {
		if !slices.ContainsFunc(allPaths(all), func(path string) bool { return house(path) == sibling }) {
			t.Errorf("%s: got no such package, want one", sibling)
		}
	}
	for path, p := range all {
		from := house(path)
		if from == "" || forTests(path) {
			continue
		}
		if from != "cmd" && from != "meet" && !slices.Contains(siblings, from) {
			t.Errorf("%s: a package the import rule does not know", path)
		}
		for _, imported := range p.Imports {
			to := house(imported)
			switch {
			case forTests(imported) && to != "":
				t.Errorf("%s imports %s, which is for tests", path, imported)
			case to == "" || to == from || from == "cmd" || to == "meet":
			default:
				t.Errorf("%s imports %s: want only %s/meet", path, imported, module)
			}
			if strings.HasPrefix(imported, livekitServer) && path != module+"/livekit/embedded" {
				t.Errorf("%s imports %s: want that of livekit/embedded alone", path, imported)
			}
		}
	}
}

func allPaths(all map[string]goPackage) []string {
	var paths []string
	for path := range all {
		paths = append(paths, path)
	}
	return paths
}

// meet stands on the standard library alone, and only what needs the LiveKit
// server drags it in.
func TestDependencies(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for _, dep := range all[module+"/meet"].Deps {
		if !all[dep].Standard {
			t.Errorf("meet stands on %s: want the standard library alone", dep)
		}
	}
	for _, path := range []string{"/livekit", "/store", "/tools", "/web", "/auth"} {
		for _, dep := range all[module+path].Deps {
			if strings.HasPrefix(dep, livekitServer) {
				t.Errorf("%s stands on %s: want that of livekit/embedded alone", path[1:], dep)
			}
		}
	}
	ofServer := func(dep string) bool { return strings.HasPrefix(dep, livekitServer) }
	if len(all[module+"/meet"].Deps) == 0 || !slices.ContainsFunc(all[module+"/livekit/embedded"].Deps, ofServer) {
		t.Error("go list gave no dependencies to look at")
	}
}
