package tools

import (
	"testing"
	"unicode/utf8"
)

func TestIDIsUTF8(t *testing.T) {
	t.Parallel()
	req := readRequest([]byte("{\"jsonrpc\":\"2.0\",\"id\":\"a\xff\",\"method\":\"ping\"}"))
	if !utf8.Valid(req.id) || req.fault != badID {
		t.Errorf("id %q comes back, fault %v", req.id, req.fault)
	}
}
