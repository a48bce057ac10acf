package bridge

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
)

// Where no roomkey comes, a model gets a tool's error, a client an error of the
// protocol, and a notification no answer.
func TestNoRoomkeyAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := &bridge{servers: newKeeper(Config{Data: "data", Log: slog.New(slog.DiscardHandler)}), out: &out}
		err := b.run(t.Context(), strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}
{"jsonrpc":"2.0","id":"2","method":"tools/list"}
{"jsonrpc":"2.0","method":"tools/call","params":{"name":"create_room"}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":null,"method":"ping"}
{"jsonrpc":"2.0","id":3,"result":{}}
`))
		if err != nil {
			t.Fatal(err)
		}
		type answer struct {
			Result struct {
				IsError bool
				Content []struct{ Text string }
			}
			Error struct{ Message string }
		}
		const want = "unavailable: No roomkey answers for the data folder data now. One is being started."
		answers := strings.Count(out.String(), "\n")
		for line := range strings.Lines(out.String()) {
			var got answer
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatal(err)
			}
			text := got.Error.Message
			if got.Result.IsError {
				text = got.Result.Content[0].Text
			}
			if !strings.HasPrefix(text, want) || strings.Contains(line, `"id":1`) != got.Result.IsError {
				t.Errorf("answer: got %s, want %s", line, want)
			}
		}
		if answers != 2 {
			t.Errorf("answers: got %s, want those of the two requests", &out)
		}
	})
}
