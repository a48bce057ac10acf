package meet

import "context"

// The operator's ceiling disable_destructive holds for everybody, on every way
// that leads here: nobody is removed, and nothing is ended or switched off.
// Edges do not offer what does nothing else; what depends on the arguments, or
// comes as a by-product, is refused or left out here.

// WithoutDestruction puts the caller who acts with ctx under that ceiling.
func WithoutDestruction(ctx context.Context) context.Context {
	return context.WithValue(ctx, ceilingKey, true)
}

// mayDestroy says whether ctx is under no such ceiling.
func mayDestroy(ctx context.Context) bool {
	under, _ := ctx.Value(ceilingKey).(bool)
	return !under
}

// checkCeiling refuses what removes people or ends something.
func checkCeiling(ctx context.Context) error {
	if mayDestroy(ctx) {
		return nil
	}
	return CeilingError("This server removes nobody")
}

// CeilingError refuses what the operator has switched off for everybody.
func CeilingError(message string) *Error {
	return &Error{Code: CodeForbidden, Message: message, Hint: "Its operator started it with disable_destructive."}
}
