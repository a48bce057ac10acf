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

// mayImport are the parts of the program, and which other parts each may import.
// A part is a folder of the module with what is under it, but each package
// inside cmd/roomkey is one. All arrows point at meet, and only cmd and
// the server in it know everyone.
var mayImport = map[string][]string{
	"meet":               {},
	"store":              {"meet"},
	"livekit":            {"meet"},
	"tools":              {"meet"},
	"web":                {"meet"},
	"auth":               {"meet"},
	"webhooks":           {"meet"},
	"signin":             {"meet"},
	inCmd + "build":      {"web"},
	inCmd + "memory":     {},
	inCmd + "output":     {"meet"},
	inCmd + "config":     {"auth", "livekit", "meet", "tools", "webhooks"},
	inCmd + "datafolder": {"auth", "meet", "store"},
	inCmd + "database":   {"meet", "store", inCmd + "config", inCmd + "datafolder"},
	inCmd + "connect":    {"meet", inCmd + "bridge", inCmd + "config", inCmd + "datafolder", inCmd + "output"},
	inCmd + "move":       {"meet", "store", inCmd + "database", inCmd + "datafolder", inCmd + "output"},
	inCmd + "users":      {"auth", "meet", "store", inCmd + "config", inCmd + "database", inCmd + "output"},
	inCmd + "bridge":     {"meet", "tools", "web", inCmd + "build", inCmd + "datafolder"},
	inCmd + "tokens": {"auth", "meet", "store", inCmd + "config", inCmd + "database", inCmd + "datafolder",
		inCmd + "output"},
	inCmd + "doctor": {"auth", "livekit", "meet", "signin", "store", "web", "webhooks",
		inCmd + "bridge", inCmd + "config", inCmd + "database", inCmd + "datafolder", inCmd + "tokens"},
}

const inCmd = "cmd/roomkey/internal/"

// partOf is the part of the program that a package belongs to; empty for
// packages of others.
func partOf(path string) string {
	name, ok := strings.CutPrefix(path, module+"/")
	if !ok || strings.HasPrefix(name, inCmd) {
		return name
	}
	part, _, _ := strings.Cut(name, "/")
	return part
}

// forTests says whether a package helps tests, or is nothing but tests, and is
// no part of the program.
func forTests(path string) bool { return strings.Contains(path+"/", "test/") || path == module+"/e2e" }

// Every part of the program imports no more than it may, meet stands on the
// standard library alone, and only what starts the LiveKit server depends on
// it.
func TestImports(t *testing.T) {
	t.Parallel()
	all, seen := packages(t), map[string]bool{}
	for path, p := range all {
		from := partOf(path)
		if !strings.HasPrefix(path, module+"/") || forTests(path) {
			continue
		}
		allowed, known := mayImport[from]
		if seen[from] = true; !known && !slices.Contains(withServer, from) {
			t.Errorf("%s: a package that the import rule does not know", path)
		}
		for _, imported := range p.Imports {
			to := partOf(imported)
			switch ours := strings.HasPrefix(imported, module+"/"); {
			case ours && forTests(imported):
				t.Errorf("%s imports %s, which is for tests", path, imported)
			case ours && to != from && !slices.Contains(withServer, from) && !slices.Contains(allowed, to):
				t.Errorf("%s imports %s: want only %v", path, imported, allowed)
			case strings.HasPrefix(imported, livekitServer) && path != module+"/livekit/embedded":
				t.Errorf("%s imports %s: want that of livekit/embedded alone", path, imported)
			}
		}
		for _, dep := range p.Deps {
			if from == "meet" && !all[dep].Standard && !strings.HasPrefix(dep, module+"/meet") {
				t.Errorf("%s stands on %s: want the standard library alone", path, dep)
			}
			linked := slices.Contains(withServer, from) || path == module+"/livekit/embedded"
			if strings.HasPrefix(dep, livekitServer) && !linked {
				t.Errorf("%s stands on %s: want that of %v alone", path, dep, withServer)
			}
		}
	}
	for part := range mayImport {
		if !seen[part] {
			t.Errorf("%s: got no such package, want one", part)
		}
	}
	if !slices.ContainsFunc(all[module+"/livekit/embedded"].Deps, func(dep string) bool {
		return strings.HasPrefix(dep, livekitServer)
	}) {
		t.Error("go list gave no dependencies to look at")
	}
}

// withServer are the parts that link the LiveKit server. They may import everything.
var withServer = []string{"cmd", inCmd + "server"}
