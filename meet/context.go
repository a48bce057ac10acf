package meet

import "context"

type contextKey int

const (
	principalKey contextKey = iota
	requestIDKey
	callerKey
	ceilingKey
	tokenCheckKey
)

// Via is the way by which a call came.
type Via string

// The ways.
const (
	ViaMCP       Via = "mcp"
	ViaExchange  Via = "exchange"  // a code for a token
	ViaPage      Via = "page"      // the join page
	ViaREST      Via = "rest"      // the Rooms API or the Room Codes API
	ViaSweeper   Via = "sweeper"   // time
	ViaWebhook   Via = "webhook"   // the media server told
	ViaReconcile Via = "reconcile" // the media server was asked
	ViaCLI       Via = "cli"       // the command line, beside the server
)

// Caller says through which program a call came. It is for the record only, not for
// decisions.
type Caller struct {
	Via    Via
	Client string // what the client program calls itself; may be empty
}

// MaxClient is how much of a client's name is kept, in characters.
const MaxClient = 80

// WithCaller lets a caller ride in ctx to the audit trail.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey, c)
}

// CallerFrom gives the caller in ctx, or the zero one. The client's name is a
// stranger's text: it is cleaned here, for the few calls that leave a line.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey).(Caller)
	c.Client = CleanText(redactSecrets(c.Client), MaxClient)
	return c
}

// WithPrincipal lets a principal ride in ctx from the edge that knows who is
// asking to the edge that calls the [Service], across libraries in between.
// The service itself takes principals as arguments only.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey, p)
}

// PrincipalFrom gives the principal in ctx, or the zero one, who may do
// nothing.
func PrincipalFrom(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey).(Principal)
	return p
}

// WithTokenCheck lets a check of the caller's access token ride in ctx, for calls
// that are held open: it may end before they do.
func WithTokenCheck(ctx context.Context, check func() error) context.Context {
	return context.WithValue(ctx, tokenCheckKey, check)
}

// TokenCheckFrom gives the check in ctx, or nil.
func TokenCheckFrom(ctx context.Context) func() error {
	check, _ := ctx.Value(tokenCheckKey).(func() error)
	return check
}

// WithRequestID lets a request's id ride in ctx, for errors and the log.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey, id)
}

// RequestIDFrom gives the id of the request in ctx, or "".
func RequestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}
