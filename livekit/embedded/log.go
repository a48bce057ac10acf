package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/livekit/protocol/logger"
	"github.com/livekit/protocol/logger/zaputil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// lines is where LiveKit's lines go, and what must not be in them.
type lines struct {
	log    *slog.Logger
	secret string
}

// current is whose lines LiveKit writes.
var current atomic.Pointer[lines]

func newLines(cfg Config) *lines {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &lines{log: log, secret: cfg.APISecret}
}

func (l *lines) take()  { current.Store(l) }
func (l *lines) leave() { current.CompareAndSwap(l, nil) }

// token is anything with the three parts of a JWT. LiveKit's errors quote the
// whole token that somebody sent.
var token = regexp.MustCompile(`[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`)

func (l *lines) scrub(s string) string {
	return strings.ReplaceAll(token.ReplaceAllString(s, "[token]"), l.secret, "[secret]")
}

// core is the end of LiveKit's zap logger that writes to slog.
type core struct{ fields []zapcore.Field }

// Enabled takes LiveKit's lines only where debug lines are wanted: what it
// thinks worth a warning (a bad token, a client gone without a word) is
// everyday life to us. Its own debug lines hold whole session descriptions and
// are not taken at all.
func (core) Enabled(level zapcore.Level) bool {
	l := current.Load()
	return l != nil && level > zapcore.DebugLevel && l.log.Enabled(context.Background(), slog.LevelDebug)
}

func (c core) With(fields []zapcore.Field) zapcore.Core {
	return core{slices.Concat(c.fields, fields)}
}

func (c core) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return ce.AddCore(e, c)
	}
	return ce
}

func (c core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	l := current.Load()
	if l == nil {
		return nil
	}
	r := slog.NewRecord(e.Time, slogLevel(e.Level), l.scrub(e.Message), 0)
	r.Add("component", e.LoggerName)
	for _, f := range slices.Concat(c.fields, fields) {
		// By way of zap's encoder, because LiveKit's messages redact
		// themselves there and only there.
		enc := zapcore.NewMapObjectEncoder()
		f.AddTo(enc)
		for key, value := range enc.Fields {
			r.Add(key, l.scrub(fmt.Sprint(value)))
		}
	}
	return l.log.Handler().Handle(context.Background(), r)
}

func (core) Sync() error { return nil }

func slogLevel(level zapcore.Level) slog.Level {
	switch {
	case level >= zapcore.ErrorLevel:
		return slog.LevelError
	case level == zapcore.WarnLevel:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// useLog makes the zap logger LiveKit's and pion's. It is a zap logger, and
// not one of ours, because only then pion asks whether anybody listens before
// it formats a line for a packet.
func useLog() {
	logger.SetLogger(zapLogger{zap.New(core{}).Sugar()}, "livekit")
}

// zapLogger is a logger.ZapLogger over core.
type zapLogger struct{ z *zap.SugaredLogger }

var _ logger.ZapLogger = zapLogger{}

func (l zapLogger) Debugw(msg string, kv ...any) { l.z.Debugw(msg, kv...) }
func (l zapLogger) Infow(msg string, kv ...any)  { l.z.Infow(msg, kv...) }

func (l zapLogger) Warnw(msg string, err error, kv ...any) {
	l.z.Warnw(msg, withError(kv, err)...)
}

func (l zapLogger) Errorw(msg string, err error, kv ...any) {
	l.z.Errorw(msg, withError(kv, err)...)
}

func withError(kv []any, err error) []any {
	if err == nil {
		return kv
	}
	return append(slices.Clip(kv), "error", err.Error())
}

func (l zapLogger) WithValues(kv ...any) logger.Logger { return zapLogger{l.z.WithLazy(kv...)} }

func (l zapLogger) WithUnlikelyValues(kv ...any) logger.UnlikelyLogger {
	return logger.NewUnlikelyLogger(l, kv...)
}

func (l zapLogger) WithName(name string) logger.Logger           { return zapLogger{l.z.Named(name)} }
func (l zapLogger) WithComponent(component string) logger.Logger { return l.WithName(component) }
func (l zapLogger) WithCallDepth(int) logger.Logger              { return l }
func (l zapLogger) WithItemSampler() logger.Logger               { return l }
func (l zapLogger) WithoutSampler() logger.Logger                { return l }
func (l zapLogger) WithMinLevel(zapcore.LevelEnabler) logger.Logger {
	return l
}

func (l zapLogger) WithDeferredValues() (logger.Logger, logger.DeferredFieldResolver) {
	return l, zaputil.NoOpDeferrer{}
}

func (l zapLogger) ToZap() *zap.SugaredLogger                    { return l.z }
func (l zapLogger) ComponentLeveler() logger.ZapComponentLeveler { return l }
func (l zapLogger) ComponentLevel(string) zapcore.LevelEnabler   { return core{} }
