package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomkey/cmd/roomkey/internal/config"
)

// metrics are the counters about tools.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	limited  *prometheus.CounterVec
}

func newMetrics() metrics {
	m := metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roomkey_tool_calls_total", Help: "MCP tool calls by tool and outcome (ok or an error code).",
		}, []string{"tool", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "roomkey_tool_seconds", Help: "How long MCP tool calls took.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, []string{"tool"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roomkey_limited_total",
			Help: "What was refused, dropped or cut off because a limit was reached, by limit.",
		}, []string{"limit"}),
	}
	m.registry.MustRegister(m.calls, m.seconds, m.limited)
	return m
}

// onLimit counts what a limit has stopped.
func (m metrics) onLimit(limit string) { m.limited.WithLabelValues(limit).Inc() }

func (m metrics) observe(tool, outcome string, took time.Duration) {
	m.calls.WithLabelValues(tool, outcome).Inc()
	m.seconds.WithLabelValues(tool).Observe(took.Seconds())
}

// listenForMetrics takes the configured address of the metrics; nil where there
// is none.
func listenForMetrics(ctx context.Context, c config.Config) (net.Listener, error) {
	if c.Metrics.Listen == "" {
		return nil, nil
	}
	at, err := config.ParseListen(c.Metrics.Listen)
	if err != nil {
		return nil, fmt.Errorf("metrics.listen %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("listen on %s for the metrics (metrics.listen): %w", c.Metrics.Listen, err)
	}
	return listener, nil
}

// newMetricsServer answers with the metrics at an address of their own.
func newMetricsServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
}
