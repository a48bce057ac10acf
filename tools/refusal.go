package tools

import (
	"context"
	"encoding/json"
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

// refusalData is what tools give, too, and the URI that the protocol requires
// for resources.
type refusalData struct {
	URI string `json:"uri,omitempty"`
	meet.ErrorReport
}

// maxURI is how much of a client's URI is repeated in an error.
const maxURI = 200

// Error gives the message. Unlike a meet.Error's, it may be shown.
func (r *refusal) Error() string { return r.Message }

// refuse writes an error for the protocol version of the call. uri is that of
// the resource, "" if it is about none. mcp-go would make an internal error of
// it, so it is put into the place of the answer if there is one.
func refuse(ctx context.Context, e *meet.Error, uri, requestID string) *refusal {
	report := e.Report(requestID)
	r := &refusal{
		Code: mcp.INVALID_PARAMS, Message: errorText(report), Data: refusalData{meet.CleanText(uri, maxURI), report},
		status: http.StatusOK,
	}
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

// attend does for prompts, resources and completions what [Server.handler] does
// for tools: it logs, and makes a refusal of an error or a panic. kind and name
// are for the log.
func attend[T any](
	ctx context.Context, s *Server, kind, name, uri string, work func(meet.Principal) (T, error),
) (out T, err error) {
	started := time.Now()
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r)
		}
		outcome := "ok"
		if err != nil {
			e := meet.AsError(err)
			s.logFailure(ctx, kind, name, e)
			outcome, err = string(e.Code), refuse(ctx, e, uri, meet.RequestIDFrom(ctx))
		}
		s.logAnswer(ctx, kind+" asked for", kind, name, outcome, time.Since(started))
	}()
	return work(meet.PrincipalFrom(ctx))
}

// renameArgument changes the name of the argument that an error is about.
func renameArgument(err error, from, here string) error {
	e := *meet.AsError(err)
	if e.Field == from {
		e.Field, e.Message = here, strings.Replace(e.Message, from, here, 1)
	}
	return &e
}
