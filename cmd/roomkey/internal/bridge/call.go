package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/cmd/roomkey/internal/build"
	"roomkey/meet"
	"roomkey/tools"
)

// CallTool calls a tool, for the roomkey call command, and gives its structured
// content. A tool's error is an error here.
func (c *Client) CallTool(ctx context.Context, tool string, arguments map[string]any) (json.RawMessage, error) {
	message, err := toolCall(tool, arguments)
	if err != nil {
		return nil, err
	}
	var answer []byte
	if err := c.post(ctx, message, "", func(b []byte) error { answer = bytes.Clone(b); return nil }); err != nil {
		return nil, err
	}
	return toolContent(answer, c.URL)
}

// toolCall writes the message that calls a tool.
func toolCall(tool string, arguments map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": 1, "method": mcp.MethodToolsCall,
		"params": map[string]any{"name": tool, "arguments": arguments, "_meta": map[string]any{
			mcp.MetaKeyProtocolVersion:    tools.ProtocolVersions[0],
			mcp.MetaKeyClientInfo:         map[string]string{"name": "roomkey call", "version": build.Version().Version},
			mcp.MetaKeyClientCapabilities: map[string]any{},
		}},
	})
}

// toolContent gives the structured content of the answer from a URL to a toolCall.
func toolContent(answer []byte, url string) (json.RawMessage, error) {
	var response struct {
		Result struct {
			IsError           bool            `json:"isError"`
			StructuredContent json.RawMessage `json:"structuredContent"`
			Meta              struct {
				Error *meet.ErrorReport `json:"roomkey/error"` // tools.ErrorKey
			} `json:"_meta"`
		} `json:"result"`
		Error *struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	foreign := func(err error) error {
		return &meet.Error{Code: meet.CodeUnavailable, Message: "The answer is none of a roomkey's",
			Hint: "Is there one at " + url + "?", Err: err}
	}
	err := json.Unmarshal(answer, &response)
	switch {
	case err != nil:
		return nil, foreign(err)
	case response.Error != nil && response.Error.Code == mcp.INTERNAL_ERROR:
		return nil, errors.New(response.Error.Message)
	case response.Error != nil:
		return nil, meet.Invalid("", strings.TrimSuffix(response.Error.Message, "."), "roomkey tools lists the tools.")
	case response.Result.IsError && response.Result.Meta.Error == nil:
		return nil, foreign(nil)
	case response.Result.IsError:
		return nil, reportedError(*response.Result.Meta.Error)
	}
	if !json.Valid(response.Result.StructuredContent) {
		return nil, foreign(nil)
	}
	return response.Result.StructuredContent, nil
}
