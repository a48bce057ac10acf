package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// succeeded is the cheap judgement that every answer to a message gets: status
// 200, and a JSON-RPC result with no isError in it, or what a plain POST
// expects. Text inside the answer cannot fool it, because quotes are escaped
// there.
func (m Message) succeeded(r response) bool {
	if m.post != nil {
		return r.status == http.StatusOK && m.post.hasText(r.body)
	}
	return r.status == http.StatusOK && bytes.Contains(r.body, []byte(`"result":`)) && !hasTrue(r.body, `"isError":`)
}

// hasTrue reports whether the member is in the JSON text with the value true.
func hasTrue(body []byte, member string) bool {
	_, value, found := bytes.Cut(body, []byte(member))
	return found && bytes.HasPrefix(bytes.TrimLeft(value, " "), []byte("true"))
}

// hasText reports whether the JSON text, which has no spaces, has the member
// with a string that is not empty.
func (p *post) hasText(body []byte) bool {
	_, text, found := bytes.Cut(body, p.before)
	return found && !bytes.HasPrefix(text, []byte(`"`))
}

// result is the thorough judgement that first answers get. What it gives is a
// copy: the result, or the whole body of an answer to a plain POST.
func (m Message) result(r response) (json.RawMessage, error) {
	if r.status != http.StatusOK {
		return nil, fmt.Errorf("status %d: %.300s", r.status, r.body)
	}
	if m.post != nil {
		return m.post.result(r)
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
	if !m.succeeded(r) {
		return nil, errUnknownSuccess
	}
	return answer.Result, nil
}

// result is the thorough judgement of an answer to a plain POST.
func (p *post) result(r response) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(r.body, &members); err != nil {
		return nil, fmt.Errorf("not a JSON object: %.300s", r.body)
	}
	var text string
	if err := json.Unmarshal(members[p.member], &text); err != nil || text == "" {
		return nil, fmt.Errorf("no %s in %.300s", p.member, r.body)
	}
	if !p.hasText(r.body) {
		return nil, errUnknownSuccess
	}
	return bytes.Clone(r.body), nil
}

// errUnknownSuccess keeps a run from counting good answers as bad ones.
var errUnknownSuccess = errors.New("the cheap check does not know this success")
