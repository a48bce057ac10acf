package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"roomkey/meet"
	"roomkey/meet/meettest/offline"
)

// args are parameters of a message.
type args = map[string]any

// outcome is what came of a request, with decoded JSON.
type outcome struct {
	Status      int
	ContentType string
	Text        string // where it is no JSON
	ID          json.RawMessage
	Result      any
	Error       *rpcError

	refused *rpcError // what a handler of ours wants to have answered
}

func readOutcome(w *httptest.ResponseRecorder) outcome {
	o := outcome{Status: w.Code, ContentType: w.Header().Get("Content-Type")}
	text := w.Body.Bytes()
	if at := bytes.LastIndex(text, []byte("data: ")); o.ContentType == "text/event-stream" && at >= 0 {
		text = text[at+len("data: "):]
	}
	if json.Unmarshal(text, &o) != nil {
		o.Text = string(text)
	}
	return o
}

// equals leaves out the id, which mcp-go makes a float64 of.
func (o outcome) equals(other outcome) bool {
	o.refused, other.refused, o.ID, other.ID = nil, nil, nil, nil
	return reflect.DeepEqual(o, other)
}

// with is the outcome with another error, which has another status if that
// version says so.
func (o outcome) with(e *rpcError, modern bool) outcome {
	o.Error = nil
	_ = json.Unmarshal(mustMarshal(e), &o.Error)
	o.Status = statusOf(request{id: json.RawMessage("1"), modern: modern}, response{Error: e})
	return o
}

// root is shown everything, as mcp-go shows it to everybody.
var root = meet.Principal{ID: "root", Name: "Root", Role: meet.Superadmin}

// send sends a request to a handler as root.
func send(t *testing.T, handler http.Handler, sent attempt) outcome {
	var refused *rpcError
	ctx := meet.WithRequestID(meet.WithPrincipal(t.Context(), root), "request-1")
	ctx = context.WithValue(ctx, refusedKey{}, &refused)
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/mcp", strings.NewReader(sent.body))
	r.Header = sent.header.Clone()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	o := readOutcome(w)
	o.refused = refused
	return o
}

// reference is mcp-go's own transport, with the same tools, prompts and
// resources behind it. It does not get the headers that are ignored: it would
// refuse the one, and look for a session by the other.
func reference(c Config) http.Handler {
	s := NewServer(c)
	for _, t := range Catalogue() {
		s.mcp.AddTool(definition(t), func(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			var sent json.RawMessage
			if req.Params.Arguments != nil {
				sent = mustMarshal(req.Params.Arguments)
			}
			output, err := s.call(ctx, t, sent)
			if err != nil {
				failure := ErrorResult(meet.AsError(err), "request-1")
				return &mcp.CallToolResult{
					Result:  mcp.Result{Meta: &mcp.Meta{AdditionalFields: failure.Meta}},
					Content: []mcp.Content{failure.Content[0]}, IsError: true,
				}, nil
			}
			text := mcp.NewTextContent(string(output))
			return &mcp.CallToolResult{Content: []mcp.Content{text}, RawStructuredContent: output}, nil
		})
	}
	transport := server.NewStreamableHTTPServer(s.mcp, server.WithStateLess(true), server.WithDisableStreaming(true),
		server.WithStreamableHTTPProtocolVersions(ProtocolVersions...), server.WithStreamableHTTPLogger(c.Log),
		server.WithDisableLocalhostProtection(true))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del(mcp.HeaderLastEventID)
		r.Header.Del(mcp.HeaderSessionID)
		transport.ServeHTTP(w, r)
	})
}

// goText is what would show that an error comes from the inside.
var goText = regexp.MustCompile(`json:|unmarshal|Go struct|Go value|goroutine|\.go:|` +
	`invalid character|unexpected end|panic`)

// exchange is a request, how it was read, and what came of it.
type exchange struct {
	sent      attempt
	req       request
	got, want outcome
}

// meantDifferences are all differences from mcp-go that are meant.
var meantDifferences = []struct {
	reason string
	is     func(exchange) bool
}{
	{"notifications and answers get no answer, whatever is wrong with them", func(e exchange) bool {
		return e.req.silent && e.got.equals(outcome{Status: http.StatusAccepted})
	}},
	{"what is wrong with a message as a whole is said in words that help", func(e exchange) bool {
		return e.req.fault != nil && cmp.Equal(e.got.Error, e.req.fault) && e.got.ContentType == "application/json"
	}},
	{"a request with an empty method is one with an unknown method: somebody waits for the answer", func(e exchange) bool {
		return e.req.method == "" && e.got.Error != nil
	}},
	{"errors have no Go text in them", func(e exchange) bool {
		if e.got.Error == nil || e.want.Error == nil {
			return false
		}
		texts := map[int][]string{
			mcp.INVALID_REQUEST: {badShape.Message}, mcp.RESOURCE_NOT_FOUND: {NoSuchResource},
			mcp.INVALID_PARAMS: {NoSuchTool, NoSuchPrompt, NoSuchResource, badParameters},
		}
		if !slices.Contains(texts[e.got.Error.Code], e.got.Error.Message) {
			return false
		}
		e.want.Error.Message = e.got.Error.Message
		return e.got.equals(e.want)
	}},
	{"rooms can be subscribed to where the protocol asks for no second stream", func(e exchange) bool {
		result, _ := e.want.Result.(map[string]any)
		capabilities, _ := result["capabilities"].(map[string]any)
		if e.req.method != mcp.MethodServerDiscover || capabilities == nil {
			return false
		}
		capabilities["resources"] = args{"subscribe": true}
		return e.got.equals(e.want)
	}},
	{"a refusal has the code that its cause has, and data", func(e exchange) bool {
		return e.want.refused != nil && e.got.equals(e.want.with(e.want.refused, e.req.modern))
	}},
}

const mended = "what is mended, sent twice, out of range, or sent where nobody reads it is answered as the " +
	"message that was meant"

// isMeant gives the reason for a difference, "" if there is none.
func isMeant(e exchange) string {
	for _, meant := range meantDifferences {
		if meant.is(e) {
			return meant.reason
		}
	}
	return ""
}

// isMended is isMeant for a difference from the answer to the message as it was
// read.
func isMended(e exchange, theirs func(attempt) outcome) string {
	e.sent.body = string(mustMarshal(args{"jsonrpc": "2.0", "id": 1, "method": e.req.method, "params": e.req.params}))
	e.want = theirs(e.sent)
	if e.got.equals(e.want) || isMeant(e) != "" {
		return mended
	}
	return ""
}

// Whatever is sent, the answer is that of mcp-go's own transport, but for the
// differences that are meant.
func TestSameAsLibrary(t *testing.T) {
	t.Parallel()
	service, _, db := offline.New(t, meet.Config{Limits: &meet.Limits{}})
	now := time.Now()
	room := meet.Room{ID: "a-room", Name: "lobby", CreatedBy: root.ID, AdminID: root.ID, State: meet.RoomActive,
		Mode: meet.Standard, Settings: meet.DefaultSettings(), Opening: 1, CreatedAt: now, UpdatedAt: now}
	code := meet.RoomCode{Code: "wpi-srjb-wer", RoomID: room.ID, Role: meet.RoleGuest, Enabled: true, CreatedAt: now}
	if err := db.CreateRoom(t.Context(), meet.NewRoom{Room: room, Codes: []meet.RoomCode{code}}, nil); err != nil {
		t.Fatal(err)
	}
	c := Config{Service: service, Selection: Selection{Toolsets: Toolsets}, Version: "test",
		Log: slog.New(slog.DiscardHandler)}
	ours, theirs := NewServer(c).HTTPHandler(), reference(c)
	m := maker{rand.New(rand.NewPCG(2026, 7)), room.Name}
	found, answers := map[string]int{}, map[int]int{}
	for range 6000 {
		e := exchange{sent: m.next()}
		e.req = readRequest([]byte(e.sent.body))
		e.req.modern = mcp.IsModernProtocol(e.req.meta.ProtocolVersion()) ||
			mcp.IsModernProtocol(e.sent.header.Get(mcp.HeaderProtocolVersion))
		e.got, e.want = send(t, ours, e.sent), send(t, theirs, e.sent)
		if e.got.Error != nil {
			answers[e.got.Error.Code]++
		} else {
			answers[e.got.Status]++
		}
		if e.got.ID != nil && string(e.got.ID) != string(e.req.id) {
			t.Errorf("%s\nis answered with the id %s", e.sent.body, e.got.ID)
		}
		if found := goText.FindString(e.got.Text + string(mustMarshal(e.got.Error))); found != "" || e.got.Status >= 500 {
			t.Errorf("%s\nis answered with status %d, and %q in it", e.sent.body, e.got.Status, found)
		}
		if e.got.equals(e.want) {
			continue
		}
		reason := isMeant(e)
		if reason == "" {
			reason = isMended(e, func(sent attempt) outcome { return send(t, theirs, sent) })
		}
		if reason == "" {
			diff := cmp.Diff(e.want, e.got, cmp.AllowUnexported(outcome{}))
			t.Errorf("%v\n%s\n(-mcp-go +ours):\n%s", e.sent.header, e.sent.body, diff)
		}
		found[reason]++
	}
	if len(found) != len(meantDifferences)+1 {
		t.Errorf("differences found: %v; want some of each kind", found)
	}
	for _, kind := range []int{
		http.StatusOK, http.StatusAccepted, http.StatusBadRequest, mcp.PARSE_ERROR, mcp.INVALID_REQUEST, mcp.METHOD_NOT_FOUND,
		mcp.INVALID_PARAMS, mcp.RESOURCE_NOT_FOUND, mcp.HEADER_MISMATCH, mcp.UNSUPPORTED_PROTOCOL_VERSION,
	} {
		if answers[kind] == 0 {
			t.Errorf("no request is answered with %d", kind)
		}
	}
}
