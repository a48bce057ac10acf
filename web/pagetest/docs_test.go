package pagetest

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"roomkey/web"
)

// described is an operation as the document has it.
type described struct {
	method, path, id, tag, summary string
}

// operations are those of the document of this server's APIs.
func operations(t *testing.T) []described {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	must(t, json.Unmarshal(web.OpenAPI(nil, ""), &document))
	var all []described
	for path, methods := range document.Paths {
		for method, raw := range methods {
			var o struct {
				OperationID, Summary string
				Tags                 []string
			}
			if method == "parameters" {
				continue
			}
			must(t, json.Unmarshal(raw, &o))
			all = append(all, described{
				method: strings.ToUpper(method), path: path, id: o.OperationID, tag: o.Tags[0], summary: o.Summary})
		}
	}
	if len(all) < 10 {
		t.Fatalf("the document has %d operations, want some more", len(all))
	}
	return all
}

// The page about the HTTP APIs shows every operation, with examples and schemas,
// on a phone too, and asks nobody but this server. It has the machine to itself,
// for the viewer keeps a browser busy.
func TestDocs(t *testing.T) {
	s := setup(t)
	tab := s.openIn(noCamera, phone)
	tab.dark(true)
	tab.visit("/docs/api")
	all := operations(t)
	tab.wait("all operations", `document.querySelectorAll(".opblock").length === `+strconv.Itoa(len(all)))
	for _, o := range all {
		block := `document.getElementById("operations-` + strings.ReplaceAll(o.tag, " ", "_") + "-" + o.id + `")`
		// Long paths have places to break at in them.
		text := eval[string](tab, `(`+block+`?.innerText ?? "").replaceAll("\u200b", "").replaceAll("\n", " ")`)
		for _, want := range []string{o.method, o.path, o.summary} {
			if !strings.Contains(strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(want, " ", "")) {
				t.Errorf("%s: the page says %q, want %q in it", o.id, text, want)
			}
		}
		fold := func() { eval[bool](tab, `(`+block+`.querySelector(".opblock-summary-control").click(), true)`) }
		fold()
		const example = `.querySelector(".responses-wrapper .example, .responses-wrapper .model-example")`
		tab.wait("an example of "+o.id, block+example)
		tab.fits(phone, o.id)
		eval[bool](tab, `(`+block+`.querySelectorAll(".tablinks[data-name=model]").forEach(e => e.click()), true)`)
		tab.wait("a schema of "+o.id, block+`.querySelector(".json-schema-2020-12")`)
		tab.fits(phone, "the schema of "+o.id)
		fold() // many open ones make the browser slow
	}
	if !eval[bool](tab, `document.documentElement.classList.contains("dark-mode")`) {
		t.Error("the page is light where dark is wanted")
	}
	tab.dark(false)
	tab.wait("the page to be light", `!document.documentElement.classList.contains("dark-mode")`)

	// A call that is tried out goes to this server.
	const health = `document.getElementById("operations-Operations-getHealth")`
	eval[bool](tab, `(`+health+`.querySelector(".opblock-summary-control").click(), true)`)
	tab.wait("a way to try it out", health+`.querySelector(".try-out__btn")`)
	eval[bool](tab, `(`+health+`.querySelector(".try-out__btn").click(), true)`)
	tab.wait("a button to send the call", health+`.querySelector(".execute")`)
	eval[bool](tab, `(`+health+`.querySelector(".execute").click(), true)`)
	const status = `.querySelector(".live-responses-table tbody .response-col_status")?.innerText`
	tab.wait("an answer", health+status+`.startsWith("200")`)
	tab.fits(phone, "an answer")
	tab.resize(wide)
	tab.fits(wide, "an answer")
	tab.quiet()
}

// fits checks that nothing is wider than the window.
func (tab *tab) fits(window size, what string) {
	tab.t.Helper()
	if width := eval[int64](tab, `document.documentElement.scrollWidth`); width > window.width {
		tab.t.Errorf("%s makes the page %d pixels wide, want %d", what, width, window.width)
	}
}
