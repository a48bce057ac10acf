package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// withClock links the program once more with a clock that is wrong by so much.
// Every package is the very one that go build has compiled, but for Go's runtime: the
// linker is given another archive of it, in which the assembly behind time.Now adds
// that to what it reads.
func withClock(t *testing.T, wrongBy time.Duration) (program string) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("this test knows where the clock is read on linux/amd64 alone")
	}
	dir := t.TempDir()
	source := filepath.Join(goTool(t, "env", "GOROOT"), "src", "runtime", "time_linux_amd64.s")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	const seconds = "\tMOVQ\t16(SP), AX"
	changed := strings.Replace(string(text), seconds, fmt.Sprintf("%s; ADDQ $%d, AX", seconds, wrongBy/time.Second), 1)
	if changed == string(text) {
		t.Fatalf("%s has no such line: %s", source, seconds)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{source: write("time.s", changed)}})
	if err != nil {
		t.Fatal(err)
	}
	wrong := goTool(t, "list", "-export", "-f", "{{.Export}}", "-overlay", write("overlay.json", string(overlay)),
		"runtime")
	const main = "roomkey/cmd/roomkey"
	var packages strings.Builder
	var entry string
	list := goTool(t, "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", main)
	for line := range strings.Lines(list) {
		path, archive, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch path {
		case main:
			entry = archive
		case "runtime":
			archive = wrong
		}
		if archive != "" { // not package unsafe
			fmt.Fprintf(&packages, "packagefile %s=%s\n", path, archive)
		}
	}
	program = filepath.Join(dir, "roomkey")
	goTool(t, "tool", "link", "-importcfg", write("packages", packages.String()), "-o", program, entry)
	return program
}

// goTool runs the go command and gives what it writes.
func goTool(t *testing.T, arguments ...string) string {
	t.Helper()
	cmd := exec.Command("go", arguments...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out))
}
