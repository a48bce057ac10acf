package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"roomkey/cmd/roomkey/internal/config"
)

// metricsServer answers with the metrics at an address of their own. Nil is
// none.
type metricsServer struct {
	listener net.Listener
	server   *http.Server
	done     chan struct{} // closed when it has ended; err is set before
	err      error
}

// listenForMetrics takes the configured address and serves nobody yet; nil
// where there is none.
func listenForMetrics(ctx context.Context, c config.Config) (*metricsServer, error) {
	if c.Metrics.Listen == "" {
		return nil, nil
	}
	listen, err := config.ParseListen(c.Metrics.Listen)
	if err != nil {
		return nil, fmt.Errorf("metrics.listen %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen.String())
	if err != nil {
		return nil, fmt.Errorf("listen on %s for the metrics (metrics.listen): %w", c.Metrics.Listen, err)
	}
	return &metricsServer{listener: listener, done: make(chan struct{})}, nil
}

// start serves until stop.
func (m *metricsServer) start(handler http.Handler) {
	if m == nil {
		return
	}
	m.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	go func() {
		defer close(m.done)
		m.err = m.server.Serve(m.listener)
	}()
}

// ended is closed when it can serve no more.
func (m *metricsServer) ended() <-chan struct{} {
	if m == nil {
		return nil
	}
	return m.done
}

// stop gives the address free.
func (m *metricsServer) stop() error {
	if m == nil {
		return nil
	}
	if m.server == nil {
		return m.listener.Close()
	}
	err := m.server.Close()
	<-m.done
	return err
}
