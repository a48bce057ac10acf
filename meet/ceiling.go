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

// destructionAllowed says whether ctx is under no such ceiling.
func destructionAllowed(ctx context.Context) bool {
	under, _ := ctx.Value(ceilingKey).(bool)
	return !under
}

// checkDestructionAllowed refuses what removes people or ends something.
func checkDestructionAllowed(ctx context.Context) error {
	if destructionAllowed(ctx) {
		return nil
	}
	return DestructionDisabledError("This server removes nobody")
}

// DestructionDisabledError refuses what the operator has switched off for everybody.
func DestructionDisabledError(message string) *Error {
	return &Error{Code: CodeForbidden, Message: message, Hint: "Its operator started it with disable_destructive."}
}
