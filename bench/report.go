package main

import (
	"context"
	"fmt"
	"strings"
)

const tableHead = "| measurement | before | now | target | | how it came about |\n" +
	"| --- | ---: | ---: | ---: | :-: | --- |"

// row is a line of the table. A row without a target only informs, and one
// without values says in its note why.
type row struct {
	name   string
	values []float64 // in the order of [lab.programs]: now, and before if that was measured, too
	format string    // of values and targets, with the unit: "%.0f MB"
	target target
	note   string
}

// target is the bounds that a figure should keep. Zero is no bound.
type target struct{ atLeast, atMost float64 }

// met reports whether the value keeps the bounds.
func (t target) met(value float64) bool {
	return (t.atLeast == 0 || value >= t.atLeast) && (t.atMost == 0 || value <= t.atMost)
}

// String gives the row as a line of Markdown.
func (r row) String() string {
	note := strings.ReplaceAll(r.note, "|", "\\|")
	if len(r.values) == 0 {
		return fmt.Sprintf("| %s | | not measured | | | %s |", r.name, note)
	}
	var bounds []string
	if r.target.atLeast != 0 {
		bounds = append(bounds, "≥ "+fmt.Sprintf(r.format, r.target.atLeast))
	}
	if r.target.atMost != 0 {
		bounds = append(bounds, "≤ "+fmt.Sprintf(r.format, r.target.atMost))
	}
	mark := ""
	if bounds != nil {
		mark = "ok"
		if !r.target.met(r.values[0]) {
			mark = "**missed**"
		}
	}
	before := ""
	if len(r.values) > 1 {
		before = fmt.Sprintf(r.format, r.values[1])
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |",
		r.name, before, fmt.Sprintf(r.format, r.values[0]), strings.Join(bounds, ", "), mark, note)
}

// eachProgram makes a measurement of one that measures a single program. Both
// programs give the same rows; the note of the earlier one's goes behind.
func eachProgram(one func(ctx context.Context, l *lab, program string) ([]row, error)) func(
	context.Context, *lab) ([]row, error) {
	return func(ctx context.Context, l *lab) ([]row, error) {
		var rows []row
		for i, program := range l.programs() {
			more, err := one(ctx, l, program)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", program, err)
			}
			if i == 0 {
				rows = more
				continue
			}
			for j := range rows {
				if len(rows[j].values) > 0 { // else what was measured before would pass for now
					rows[j].values = append(rows[j].values, more[j].values...)
				}
				rows[j].note += "; before: " + more[j].note
			}
		}
		return rows, nil
	}
}
