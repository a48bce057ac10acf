// Package output is how commands print: tables, JSON, words for a shell, and texts of
// strangers so that a terminal may show them.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"roomkey/meet"
)

// JSON writes v for people to read: without the escapes that JSON needs only inside
// HTML.
func JSON(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // plain values marshal
	return b.String()
}

// Table writes rows below their titles, in columns.
func Table(w io.Writer, titles []string, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(titles, "\t"))
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

// List prints a list as a JSON document, or its rows as a table.
func List(w io.Writer, asJSON bool, list any, titles []string, rows [][]string) error {
	if asJSON {
		_, err := io.WriteString(w, JSON(list))
		return err
	}
	return Table(w, titles, rows)
}

// Time is a moment in a table; the zero time is "-".
func Time(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

// maxText bounds what is shown of one text.
const maxText = 300

// Text is a text of strangers as a terminal may show it: a terminal obeys some
// characters.
func Text(s string) string { return meet.CleanText(s, maxText) }

// ShellWord quotes a text for a shell where it has to be quoted.
func ShellWord(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
