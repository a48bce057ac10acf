package meet

import "context"

// The operator's setting disable_destructive holds for every caller: nobody is
// removed, and nothing is ended or switched off. Tools and routes that do nothing
// else are not offered. What depends on arguments is refused here, and what would
// come as a side effect is left out.

// WithoutDestruction puts calls with ctx under disable_destructive.
func WithoutDestruction(ctx context.Context) context.Context {
	return context.WithValue(ctx, ceilingKey, true)
}

// destructionAllowed says whether ctx is not under disable_destructive.
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
