package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/livekit/protocol/logger"
	"github.com/livekit/protocol/logger/zaputil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logTarget is where LiveKit's lines go, and the secret that they must not hold.
type logTarget struct {
	log    *slog.Logger
	secret string
}

// currentLog is the target of all servers of the process. Nil drops the lines.
var currentLog atomic.Pointer[logTarget]

// jwtPattern finds the three parts of a JWT. LiveKit's errors quote tokens.
var jwtPattern = regexp.MustCompile(`[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`)

func (t *logTarget) scrub(s string) string {
	return strings.ReplaceAll(jwtPattern.ReplaceAllString(s, "[token]"), t.secret, "[secret]")
}

// setLogger makes LiveKit and pion log to currentLog. It is LiveKit's own zap
// logger with logWriter as its tap: only with that one pion asks for the level
// before it formats a line for every packet, and LiveKit's messages redact
// themselves only there.
func setLogger() error {
	nothingElse := &logger.Config{JSON: true, Level: "fatal"}
	tap := zaputil.NewWriteEnabler(logWriter{}, logWriter{})
	l, err := logger.FromZapLogger(zap.NewNop(), nothingElse, logger.WithTap(tap))
	if err != nil {
		return fmt.Errorf("make LiveKit's logger: %w", err)
	}
	logger.SetLogger(l, "livekit")
	return nil
}

// logWriter writes zap's lines of JSON to currentLog.
type logWriter struct{}

// Enabled takes LiveKit's lines only where debug lines are wanted: what LiveKit
// thinks worth a warning (a bad token, a client that vanished) is normal here.
// LiveKit's own debug lines hold whole session descriptions and are never taken.
func (logWriter) Enabled(level zapcore.Level) bool {
	target := currentLog.Load()
	return target != nil && level > zapcore.DebugLevel && target.log.Enabled(context.Background(), slog.LevelDebug)
}

// Sync does nothing: every line is written at once.
func (logWriter) Sync() error { return nil }

// Write hands on one line.
func (logWriter) Write(line []byte) (int, error) {
	target := currentLog.Load()
	if target == nil {
		return len(line), nil
	}
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		return 0, err
	}
	record := slog.NewRecord(time.Now(), slogLevel(fields["level"]), target.scrub(fmt.Sprint(fields["msg"])), 0)
	record.Add("component", fields["logger"])
	for _, own := range []string{"ts", "level", "logger", "msg"} {
		delete(fields, own)
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		record.Add(key, target.scrub(fmt.Sprint(fields[key])))
	}
	return len(line), target.log.Handler().Handle(context.Background(), record)
}

func slogLevel(name any) slog.Level {
	switch name {
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelDebug
}

// takeLog sends LiveKit's lines to the log of cfg until the server closes.
func (s *Server) takeLog(cfg Config) {
	target := &logTarget{log: cfg.Log, secret: cfg.APISecret}
	if target.log == nil {
		target.log = slog.New(slog.DiscardHandler)
	}
	currentLog.Store(target)
	s.onClose(func() { currentLog.CompareAndSwap(target, nil) })
}
