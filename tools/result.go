package tools

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// errorText is an error as the one text block that a model sees.
func errorText(r meet.ErrorReport) string {
	text := string(r.Code) + ": " + r.Message + "."
	if r.Hint != "" {
		text += " " + strings.TrimSuffix(r.Hint, ".") + "."
	}
	if r.Code == meet.CodeInternal {
		text += " Request id: " + r.RequestID + "."
	}
	return text
}

// ErrorKey is where the _meta of a tool's result holds the [meet.ErrorReport]
// of a failure.
const ErrorKey = "roomkey/error"

// ErrorResult is a failure as the result of a tool. It has no structured
// content, because there are clients that hold that against the tool's output
// schema also where isError is set, and never show the text then.
func ErrorResult(e *meet.Error, requestID string) *mcp.CallToolResult {
	report := e.Report(requestID)
	return &mcp.CallToolResult{
		Result:  mcp.Result{Meta: &mcp.Meta{AdditionalFields: map[string]any{ErrorKey: report}}},
		IsError: true,
		Content: []mcp.Content{mcp.NewTextContent(errorText(report))},
	}
}

// successResult gives the answer twice, because some clients show the model
// only the one and some only the other.
func successResult(ctx context.Context, out any) (*mcp.CallToolResult, error) {
	b, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	if render(ctx, b) {
		return &mcp.CallToolResult{}, nil
	}
	return &mcp.CallToolResult{
		Content:              []mcp.Content{mcp.NewTextContent(string(b))},
		RawStructuredContent: b,
	}, nil
}
