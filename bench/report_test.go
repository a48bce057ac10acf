package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"roomkey/bench/load"
)

func TestRow(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]row{
		"| reads | 0.80 | ≥ 0.80 | ok | note |":         {"reads", 0.8, "%.2f", target{atLeast, 0.8}, "note"},
		"| reads | 0.79 | ≥ 0.80 | **missed** | note |": {"reads", 0.79, "%.2f", target{atLeast, 0.8}, "note"},
		"| scale | 1.50 | ≤ 1.50 | ok | a\\|b |":        {"scale", 1.5, "%.2f", target{atMost, 1.5}, "a|b"},
		"| memory | 45 MB | < 45 MB | **missed** | |":   {"memory", 45, "%.0f MB", target{below, 45}, ""},
		"| peer | 7 | |  | |":                           {name: "peer", value: 7, format: "%.0f"},
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
		call: "reads", eras: load.Eras, target: target{atLeast, 100},
		yardsticks: []yardstick{{name: "echo", target: target{atLeast, 0.5}}},
	}
	for before, want := range map[bool][]string{
		false: {"reads, 2025-11-25 90 missed", "reads, 2025-11-25 ÷ echo 0.45 missed"},
		true: {"reads, 2025-11-25 90 missed", "reads, 2025-11-25 ÷ before 0.9 missed",
			"reads, 2025-11-25, CPU/request ÷ before 1 met", "reads, 2025-11-25 ÷ echo 0.45 missed"},
	} {
		results := [][]load.Result{runs(90)}
		if before {
			results = append(results, runs(100))
		}
		var got []string
		for _, r := range w.rows(load.Legacy, before, append(results, runs(200))) {
			outcome := map[bool]string{true: "met", false: "missed"}[r.target.met(r.value)]
			got = append(got, fmt.Sprintf("%s %.3g %s", r.name, r.value, outcome))
		}
		if !slices.Equal(got, want) {
			t.Errorf("before %t: got %q, want %q", before, got, want)
		}
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
