package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// succeeded is the cheap judgement that every answer gets: status 200, a
// JSON-RPC result, and in it no isError. Text inside the result cannot fool it,
// because quotes are escaped there.
func (r response) succeeded() bool {
	return r.status == http.StatusOK && bytes.Contains(r.body, []byte(`"result":`)) && !hasTrue(r.body, `"isError":`)
}

// hasTrue reports whether the member is in the JSON text with the value true.
func hasTrue(body []byte, member string) bool {
	_, value, found := bytes.Cut(body, []byte(member))
	return found && bytes.HasPrefix(bytes.TrimLeft(value, " "), []byte("true"))
}

// result is the thorough judgement that first answers get. What it gives is a
// copy.
func (r response) result() (json.RawMessage, error) {
	if r.status != http.StatusOK {
		return nil, fmt.Errorf("status %d: %.300s", r.status, r.body)
	}
	var answer struct {
		Version string          `json:"jsonrpc"`
		Result  json.RawMessage `json:"result"`
		Error   json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(r.body, &answer); err != nil {
		return nil, fmt.Errorf("not JSON: %.300s", r.body)
	}
	if answer.Version != "2.0" || answer.Error != nil || answer.Result == nil {
		return nil, fmt.Errorf("not a JSON-RPC result: %.300s", r.body)
	}
	var tool struct {
		IsError bool `json:"isError"`
	}
	if err := json.Unmarshal(answer.Result, &tool); err != nil {
		return nil, fmt.Errorf("not a result: %.300s", r.body)
	}
	if tool.IsError {
		return nil, fmt.Errorf("tool error: %.300s", answer.Result)
	}
	if !r.succeeded() {
		return nil, errors.New("the cheap check does not know this success")
	}
	return answer.Result, nil
}
