package tools

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"roomkey/meet"
)

// refusalData is the data of the JSON-RPC error with which a prompt, a resource
// or a completion is refused: what tools give, too, and the URI that the
// protocol requires for resources. Tools answer with a result instead.
type refusalData struct {
	URI string `json:"uri,omitempty"`
	meet.ErrorReport
}

// maxURI is how much of a client's URI is repeated in an error.
const maxURI = 200

// refusedKey is where [refuse] finds the place for an error, a **rpcError.
type refusedKey struct{}

// errRefused makes mcp-go answer with an error, which delegate replaces.
var errRefused = errors.New("refused")

// refuse leaves an error for the protocol version of the call to delegate. uri is
// that of the resource, "" if it is about none. mcp-go would make an internal
// error of every error.
func refuse(ctx context.Context, e *meet.Error, uri, requestID string) error {
	refused := refusalOf(e, uri, requestID)
	if e.Code == meet.CodeNotFound && uri != "" && !server.IsModernRequest(ctx) {
		refused.Code = mcp.RESOURCE_NOT_FOUND
	}
	*ctx.Value(refusedKey{}).(**rpcError) = refused
	return errRefused
}

// refusalOf writes an error as one of the protocol.
func refusalOf(e *meet.Error, uri, requestID string) *rpcError {
	report := e.Report(requestID)
	refused := &rpcError{
		Code: mcp.INVALID_PARAMS, Message: errorText(report), Data: refusalData{meet.CleanText(uri, maxURI), report},
	}
	if e.Code == meet.CodeInternal || e.Retryable() {
		refused.Code = mcp.INTERNAL_ERROR
	}
	return refused
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
