// Command mutants changes package meet in one place at a time and runs its
// tests: each change ought to make a test fail. What survives is printed; it is
// a missing test, or a change that means the same: then accepted.txt has the
// reason, which is printed, too. The tree is not touched, the changed file is
// handed to the go command as an overlay.
package main

import (
	"bytes"
	"context"
	_ "embed" // of what may survive
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	number := flag.Int("n", 30, "how many mutants to try; 0 is all")
	seed := flag.Uint64("seed", 1, "which ones")
	only := flag.String("only", "", "only those whose position contains this, such as service_kick.go")
	list := flag.Bool("list", false, "list them, run nothing")
	flag.Parse()
	chosen, err := find("meet", *only)
	if err != nil {
		log.Fatal(err)
	}
	rand.New(rand.NewPCG(*seed, 0)).Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	fmt.Printf("%d mutants\n", len(chosen))
	if *number > 0 && len(chosen) > *number {
		chosen = chosen[:*number]
	}
	survived := 0
	for _, m := range chosen {
		if *list {
			fmt.Println(m)
			continue
		}
		verdict, err := m.try(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		reason := accepted[m.source+"\t"+m.what]
		switch {
		case verdict != "SURVIVED":
		case reason != "":
			verdict, reason = "accepted", ": "+reason
		default:
			survived++
		}
		fmt.Printf("%-10s %s%s\n", verdict, m, reason)
	}
	fmt.Printf("%d of %d survived\n", survived, len(chosen))
}

//go:embed accepted.txt
var acceptedText string

// accepted gives the reasons why mutants may survive, by the line of the source
// and what was changed in it.
var accepted = func() map[string]string {
	reasons := map[string]string{}
	for line := range strings.Lines(acceptedText) {
		if at := strings.LastIndexByte(line, '\t'); at >= 0 {
			reasons[line[:at]] = strings.TrimSpace(line[at+1:])
		}
	}
	return reasons
}()

// mutant is one change to one file.
type mutant struct {
	path string
	line int
	what string

	source string // the line, as it is
	text   []byte // the whole file, changed
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d: %s", m.path, m.line, m.what) }

// find gives the mutants of all sources in a folder.
func find(dir, only string) ([]mutant, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		lines := strings.Split(string(text), "\n")
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, text, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, c := range changes(file) {
			line := files.Position(c.at).Line
			m := mutant{path: path, line: line, what: c.what, source: strings.TrimSpace(lines[line-1])}
			if !strings.Contains(m.String(), only) {
				continue
			}
			undo := c.apply()
			var text bytes.Buffer
			err := format.Node(&text, files, file)
			undo()
			if err != nil {
				return nil, err
			}
			m.text = text.Bytes()
			all = append(all, m)
		}
	}
	return all, nil
}

// change is a change to a syntax tree that can be undone.
type change struct {
	at    token.Pos
	what  string
	apply func() (undo func())
}

// swapped is what an operator becomes.
var swapped = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.LAND: token.LOR, token.LOR: token.LAND, token.ADD: token.SUB, token.SUB: token.ADD,
}

// changes are the ways to change a file: conditions are negated, operators
// swapped, and calls for their effect alone left out.
func changes(file *ast.File) []change {
	var all []change
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			was := n.Cond
			all = append(all, change{n.Pos(), "the condition negated", func() func() {
				n.Cond = &ast.UnaryExpr{Op: token.NOT, X: &ast.ParenExpr{X: was}}
				return func() { n.Cond = was }
			}})
		case *ast.BinaryExpr:
			was := n.Op
			if becomes, ok := swapped[was]; ok {
				all = append(all, change{n.OpPos, was.String() + " became " + becomes.String(), func() func() {
					n.Op = becomes
					return func() { n.Op = was }
				}})
			}
		case *ast.BlockStmt:
			for i, was := range n.List {
				if call, ok := was.(*ast.ExprStmt); ok {
					all = append(all, change{call.Pos(), "a call left out", func() func() {
						n.List[i] = &ast.EmptyStmt{Semicolon: was.Pos()}
						return func() { n.List[i] = was }
					}})
				}
			}
		}
		return true
	})
	return all
}

// try runs the tests of meet, the quick ones first.
func (m mutant) try(ctx context.Context) (verdict string, err error) {
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, m.path): changed}})
	if err == nil {
		err = errors.Join(os.WriteFile(changed, m.text, 0o600), os.WriteFile(overlay, replace, 0o600))
	}
	if err != nil {
		return "", err
	}
	for _, args := range [][]string{{"build", "./meet"}, {"test", "./meet"}, {"test", "-failfast", "./meet/servicetest"}} {
		args = append([]string{args[0], "-overlay", overlay}, args[1:]...)
		if err := exec.CommandContext(ctx, "go", args...).Run(); err != nil {
			if args[0] == "build" {
				return "no program", nil
			}
			return "killed", nil
		}
	}
	return "SURVIVED", nil
}
