package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"roomkey/bench/load"
)

func TestRow(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]row{
		"| reads | | 0.80 | ≥ 0.80 | ok | note |": {"reads", []float64{0.8}, "%.2f", target{atLeast: 0.8}, "note"},
		"| reads | 0.90 | 0.79 | ≥ 0.80 | **missed** | note |": {
			"reads", []float64{0.79, 0.9}, "%.2f", target{atLeast: 0.8}, "note"},
		"| scale | | 1.20 | ≥ 0.80, ≤ 1.20 | ok | a\\|b |": {
			"scale", []float64{1.2}, "%.2f", target{atLeast: 0.8, atMost: 1.2}, "a|b"},
		"| memory | 45 MB | 46 MB | ≤ 45 MB | **missed** | |": {
			"memory", []float64{46, 45}, "%.0f MB", target{atMost: 45}, ""},
		"| peer | | 7 | |  | |":                      {name: "peer", values: []float64{7}, format: "%.0f"},
		"| page | | not measured | | | no browser |": {name: "page", format: "%.2f s", note: "no browser"},
	} {
		if got := r.String(); normal(got) != normal(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// normal drops the spaces, which mean nothing in Markdown.
func normal(line string) (out string) {
	for _, c := range line {
		if c != ' ' {
			out += string(c)
		}
	}
	return out
}

// runs gives the results of rounds with these rates.
func runs(rates ...int) (out []load.Result) {
	for _, n := range rates {
		out = append(out, load.Result{Requests: n, Elapsed: time.Second, ServerCPU: time.Duration(n)})
	}
	return out
}

func TestMedianRatio(t *testing.T) {
	t.Parallel()
	// The second round is slow for both, which does not change its ratio.
	over, under := runs(50, 5, 90), runs(100, 10, 100)
	if got := medianRatio(over, under, load.Result.Rate); got != 0.5 {
		t.Errorf("got ratio %v, want 0.5", got)
	}
	if got := medianRun(over).Requests; got != 50 {
		t.Errorf("got the run with %d requests, want the one with 50", got)
	}
}

func TestWorkloadRows(t *testing.T) {
	t.Parallel()
	w := workload{
		call: "reads", eras: load.Eras, conns: []int{8, 32}, target: target{atLeast: 100},
		yardsticks: []yardstick{{name: "echo", targets: []target{{}, {atLeast: 0.5}}}},
	}
	const call = "reads, 2025-11-25, 32 connections"
	for programs, want := range map[int][]string{
		1: {call + " [90] missed", call + " ÷ echo [0.45] missed"},
		2: {call + " [90 100] missed", call + " ÷ before [0.9] missed",
			call + ", CPU/request ÷ before [1] met", call + " ÷ echo [0.45 0.5] missed"},
	} {
		results := append([][]load.Result{runs(90), runs(100)}[:programs], runs(200))
		var got []string
		for _, r := range w.rows(load.Legacy, 1, programs, results) {
			outcome := map[bool]string{true: "met", false: "missed"}[r.target.met(r.values[0])]
			got = append(got, fmt.Sprintf("%s %.3g %s", r.name, r.values, outcome))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d programs: got %q, want %q", programs, got, want)
		}
	}
}

func TestEachProgram(t *testing.T) {
	t.Parallel()
	measure := eachProgram(func(_ context.Context, _ *lab, program string) ([]row, error) {
		return []row{{name: "length", values: []float64{float64(len(program))}, note: program}}, nil
	})
	rows, err := measure(t.Context(), &lab{program: "new", before: "former"})
	if err != nil || len(rows) != 1 || !slices.Equal(rows[0].values, []float64{3, 6}) ||
		rows[0].note != "new; before: former" {
		t.Errorf("got %v, %v; want one row for both programs", rows, err)
	}
}

func TestReadMetric(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("# TYPE go_goroutines gauge\ngo_goroutines_max 9\ngo_goroutines 42\n"))
	}))
	defer server.Close()
	if got, err := readMetric(t.Context(), server.URL, "go_goroutines"); got != 42 || err != nil {
		t.Errorf("got %v, %v; want 42", got, err)
	}
	if got, err := readMetric(t.Context(), server.URL, "go_threads"); err == nil {
		t.Errorf("got %v for a metric that is not there, want an error", got)
	}
}

// A figure of the program of before never stands where that of now is missing.
func TestEachProgramWithoutAFigure(t *testing.T) {
	t.Parallel()
	measure := eachProgram(func(_ context.Context, _ *lab, program string) ([]row, error) {
		if program == "now" {
			return []row{{name: "wait", note: errTooBusy.Error()}}, nil
		}
		return []row{{name: "wait", values: []float64{7}, format: "%.0f ms"}}, nil
	})
	rows, err := measure(t.Context(), &lab{program: "now", before: "before"})
	if err != nil || len(rows) != 1 || !strings.Contains(rows[0].String(), "not measured") {
		t.Errorf("rows %v, %v; want one that was not measured", rows, err)
	}
}
