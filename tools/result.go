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

func errorResult(e *meet.Error, requestID string) *mcp.CallToolResult {
	report := e.Report(requestID)
	return &mcp.CallToolResult{
		IsError:              true,
		Content:              []mcp.Content{mcp.NewTextContent(errorText(report))},
		RawStructuredContent: mustMarshal(map[string]meet.ErrorReport{"error": report}),
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
