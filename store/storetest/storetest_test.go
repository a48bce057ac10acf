package storetest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"testing"

	"roomkey/meet"
)

// Each role of a store has its chapter: the files that begin with its name.
var chapters = map[string]reflect.Type{
	"rooms":      reflect.TypeFor[meet.RoomStore](),
	"sweep":      reflect.TypeFor[meet.SweepStore](),
	"codes":      reflect.TypeFor[meet.CodeStore](),
	"admissions": reflect.TypeFor[meet.AdmissionStore](),
	"requests":   reflect.TypeFor[meet.RequestStore](),
	"presences":  reflect.TypeFor[meet.PresenceStore](),
	"sessions":   reflect.TypeFor[meet.SessionStore](),
	"events":     reflect.TypeFor[meet.EventStore](),
	"webhooks":   reflect.TypeFor[meet.WebhookStore](),
	"sign_in":    reflect.TypeFor[meet.SignInStore](),
	"transcript": reflect.TypeFor[meet.TranscriptStore](),
	"users":      reflect.TypeFor[meet.UserStore](),
	"tokens":     reflect.TypeFor[meet.TokenStore](),
	"instances":  reflect.TypeFor[meet.InstanceStore](),
}

// A method that is not called in the chapter of its interface has no test.
func TestEveryMethodHasATestInItsChapter(t *testing.T) {
	t.Parallel()
	role := map[string]string{"Ping": "context"}
	for chapter, methods := range chapters {
		if methods.NumMethod() > 12 {
			t.Errorf("%s has %d methods, want 12 at most", methods, methods.NumMethod())
		}
		called := calledIn(t, chapter+"*.go")
		for method := range methods.Methods() {
			role[method.Name] = chapter
			if !called[method.Name] {
				t.Errorf("%s*.go does not test %s.%s", chapter, methods.Name(), method.Name)
			}
		}
	}
	for method := range reflect.TypeFor[meet.Store]().Methods() {
		if role[method.Name] == "" {
			t.Errorf("meet.Store.%s is in no role that has a chapter here", method.Name)
		}
	}
}

// calledIn gives the names of the methods that are called in files.
func calledIn(t *testing.T, pattern string) map[string]bool {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("files %s: %v, %v", pattern, paths, err)
	}
	called := map[string]bool{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if method, ok := call.Fun.(*ast.SelectorExpr); ok {
					called[method.Sel.Name] = true
				}
			}
			return true
		})
	}
	return called
}
