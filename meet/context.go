package meet

import "context"

type contextKey int

const (
	principalKey contextKey = iota
	requestIDKey
)

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

// WithRequestID lets a request's id ride in ctx, for errors and the log.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey, id)
}

// RequestIDFrom gives the id of the request in ctx, or "".
func RequestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}
