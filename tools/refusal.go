package tools

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"roomkey/meet"
)

// refusal is the JSON-RPC error with which a prompt, a resource or a
// completion is refused. Tools answer with a result instead.
type refusal struct {
	Code    int         `json:"code"`
	Message string      `json:"message"`
	Data    refusalData `json:"data"`

	status int // of HTTP
}

// refusalData is the same as tools give, and for resources what the protocol
// wants to be named.
type refusalData struct {
	URI string `json:"uri,omitempty"`
	meet.ErrorReport
}

// maxURI is how much of a client's URI is repeated in an error.
const maxURI = 200

// Error gives the message: unlike a meet.Error's it is fit to be shown.
func (r *refusal) Error() string { return r.Message }

// refuse words an error for the protocol version of the call. uri is the
// resource's, "" for what is none. mcp-go would make an internal error of it,
// so it goes past mcp-go if the call came by a way that has one.
func refuse(ctx context.Context, e *meet.Error, uri, requestID string) *refusal {
	report := e.Report(requestID)
	r := &refusal{Code: mcp.INVALID_PARAMS, Message: errorText(report), Data: refusalData{meet.CleanText(uri, maxURI), report}, status: http.StatusOK}
	modern := server.IsModernRequest(ctx)
	switch {
	case e.Code == meet.CodeInternal || e.Retryable():
		r.Code = mcp.INTERNAL_ERROR
	case e.Code == meet.CodeNotFound && uri != "" && !modern:
		r.Code = mcp.RESOURCE_NOT_FOUND
	case modern:
		r.status = http.StatusBadRequest // as that version wants it of invalid parameters
	}
	if at, ok := ctx.Value(placeKey{}).(*place); ok {
		at.refusal = r
	}
	return r
}

// message puts the refusal into mcp-go's message about it.
func (r *refusal) message(theirs []byte) []byte {
	var response struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   *refusal        `json:"error"`
	}
	if err := json.Unmarshal(theirs, &response); err != nil || response.Error == nil {
		panic("tools: mcp-go writes errors another way: see refuse")
	}
	response.Error = r
	return append(mustMarshal(response), '\n')
}

// attend does for prompts, resources and completions what the handler of a
// tool does: log, and make a refusal of an error or a panic. kind and name
// are for the log.
func attend[T any](ctx context.Context, s *Server, kind, name, uri string, work func(meet.Principal) (T, error)) (out T, err error) {
	started := time.Now()
	principal, requestID := meet.PrincipalFrom(ctx), meet.RequestIDFrom(ctx)
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
		outcome := "ok"
		if err != nil {
			e := meet.AsError(err)
			s.logFailure(ctx, kind, name, e, requestID)
			outcome, err = string(e.Code), refuse(ctx, e, uri, requestID)
		}
		if s.log.Enabled(ctx, slog.LevelDebug) {
			s.log.LogAttrs(ctx, slog.LevelDebug, kind+" asked for", slog.String(kind, name), slog.String("subject", principal.ID),
				slog.String("outcome", outcome), slog.Duration("took", time.Since(started)), slog.String("request_id", requestID))
		}
	}()
	return work(principal)
}

// called gives an error about the argument from the name that this argument
// has here.
func called(err error, from, here string) error {
	e := *meet.AsError(err)
	if e.Field == from {
		e.Field, e.Message = here, strings.Replace(e.Message, from, here, 1)
	}
	return &e
}
