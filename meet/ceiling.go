package meet

import "context"

// The operator's ceiling disable_destructive holds for everybody, on every way
// that leads here: nobody is put out, and nothing is ended or switched off.
// Edges do not offer what does nothing else; what depends on the arguments, or
// comes as a by-product, is refused or left out here.

// WithoutDestruction puts whoever acts with ctx under that ceiling.
func WithoutDestruction(ctx context.Context) context.Context {
	return context.WithValue(ctx, ceilingKey, true)
}

// mayDestroy says whether ctx is under no such ceiling.
func mayDestroy(ctx context.Context) bool {
	under, _ := ctx.Value(ceilingKey).(bool)
	return !under
}

// checkCeiling refuses what puts people out or ends something.
func checkCeiling(ctx context.Context) error {
	if mayDestroy(ctx) {
		return nil
	}
	return CeilingError("Nobody is put out by this server")
}

// CeilingError refuses what the operator has switched off for everybody.
func CeilingError(message string) *Error {
	return &Error{Code: CodeForbidden, Message: message, Hint: "Its operator started it with disable_destructive."}
}
