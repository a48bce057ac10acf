package main

import (
	"fmt"
	"strings"
)

const tableHead = "| measurement | figure | target | | how it came about |\n| --- | ---: | ---: | :-: | --- |"

// row is a line of the table. A row without a target only informs.
type row struct {
	name   string
	value  float64
	format string // of value and target, with the unit: "%.0f MB"
	target target
	note   string
}

// target is the bound that a figure should keep.
type target struct {
	kind  targetKind
	bound float64
}

type targetKind int

const (
	none targetKind = iota
	atLeast
	atMost
	below
)

var signs = map[targetKind]string{atLeast: "≥ ", atMost: "≤ ", below: "< "}

// met reports whether the value keeps the bound.
func (t target) met(value float64) bool {
	switch t.kind {
	case atLeast:
		return value >= t.bound
	case atMost:
		return value <= t.bound
	case below:
		return value < t.bound
	default:
		return true
	}
}

// String gives the row as a line of Markdown.
func (r row) String() string {
	want, mark := "", ""
	if r.target.kind != none {
		want = signs[r.target.kind] + fmt.Sprintf(r.format, r.target.bound)
		mark = "ok"
		if !r.target.met(r.value) {
			mark = "**missed**"
		}
	}
	note := strings.ReplaceAll(r.note, "|", "\\|")
	return fmt.Sprintf("| %s | %s | %s | %s | %s |", r.name, fmt.Sprintf(r.format, r.value), want, mark, note)
}
