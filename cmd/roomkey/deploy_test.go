package main

import (
	"encoding/json"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/web"
)

// capabilityFile is as much of Naftiko's specification 1.0.0-alpha2 as
// deploy/room-codes.yaml uses, and nothing that it does not have.
type capabilityFile struct {
	Naftiko string
	Info    struct {
		Label, Description, Created, Modified string
		Tags                                  []string
	}
	Binds []struct {
		Namespace, Description string
		Keys                   map[string]string
	}
	Capability struct {
		Consumes []consumedAPI
		Exposes  []exposedServer
	}
}

type consumedAPI struct {
	Type, Namespace, Description string
	BaseURI                      string `yaml:"baseUri"`
	Authentication               struct{ Type, Token string }
	InputParameters              []consumedInput `yaml:"inputParameters"`
	Resources                    []struct {
		Name, Path string
		Operations []consumedOperation
	}
}

type consumedOperation struct {
	Name, Method, Description, Body string
	OutputRawFormat                 string                               `yaml:"outputRawFormat"`
	OutputParameters                []struct{ Name, Type, Value string } `yaml:"outputParameters"`
	InputParameters                 []consumedInput                      `yaml:"inputParameters"`

	path string // of its resource
}

type consumedInput struct{ Name, In, Value string }

type exposedServer struct {
	Type, Namespace, Address, Transport, Description string
	Port                                             int
	Tools                                            []struct {
		Name, Label, Description, Call string
		Hints                          map[string]bool
		With                           map[string]string
		InputParameters                []struct {
			Name, Type, Description string
			Required                bool
		} `yaml:"inputParameters"`
	}
}

func readCapability(t *testing.T) (file capabilityFile, api consumedAPI, mcp exposedServer) {
	t.Helper()
	text, err := os.Open("../../deploy/room-codes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = text.Close() }()
	decoder := yaml.NewDecoder(text)
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if len(file.Capability.Consumes) != 1 || len(file.Capability.Exposes) != 1 {
		t.Fatalf("%d APIs consumed, %d servers exposed; want one of each",
			len(file.Capability.Consumes), len(file.Capability.Exposes))
	}
	return file, file.Capability.Consumes[0], file.Capability.Exposes[0]
}

// operations are those that the file calls, by the name a tool calls them by.
func (api consumedAPI) operations() map[string]consumedOperation {
	operations := map[string]consumedOperation{}
	for _, resource := range api.Resources {
		for _, operation := range resource.Operations {
			operation.path = resource.Path
			operations[api.Namespace+"."+operation.Name] = operation
		}
	}
	return operations
}

var filledIn = regexp.MustCompile(`\{\{([A-Za-z0-9_]+)[^}]*\}\}`)

// namesFilledIn are the names of what is filled into a text.
func namesFilledIn(text string) (names []string) {
	for _, match := range filledIn.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

// The file calls what Roomkey serves, where it serves it.
func TestDeployedCapabilityCallsRoomkey(t *testing.T) {
	t.Parallel()
	_, api, mcp := readCapability(t)
	var document struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(web.OpenAPI(nil, ""), &document); err != nil { // which the routes are held against
		t.Fatal(err)
	}
	listen := config.Default().Listen
	prefix, ok := strings.CutPrefix(api.BaseURI, "http://"+listen)
	if !ok {
		t.Errorf("baseUri %s; want that of Roomkey's own address %s", api.BaseURI, listen)
	}
	if len(api.operations()) != 3 {
		t.Errorf("%d operations; want the three of the room codes", len(api.operations()))
	}
	for _, operation := range api.operations() {
		path := prefix + filledIn.ReplaceAllString(operation.path, "{$1}")
		if document.Paths[path][strings.ToLower(operation.Method)] == nil {
			t.Errorf("calls %s %s, which is not served", operation.Method, path)
		}
	}
	if _, port, _ := net.SplitHostPort(listen); port == strconv.Itoa(mcp.Port) {
		t.Errorf("port %d is Roomkey's own", mcp.Port)
	}
	if mcp.Address != "127.0.0.1" {
		t.Errorf("address %q; want this machine's, because a program that reaches it acts with the token", mcp.Address)
	}
}

// Whatever is filled in is declared, and everything declared is filled in.
func TestDeployedCapabilityRefersToWhatIsThere(t *testing.T) {
	t.Parallel()
	file, api, mcp := readCapability(t)
	for _, name := range namesFilledIn(api.Authentication.Token) {
		declared := slices.Contains(api.InputParameters, consumedInput{Name: name, In: "environment"})
		if bound := file.Binds[0].Keys[name]; bound != name || !declared {
			t.Errorf("token: %s is bound to %q, declared as an input of the API: %t; want it bound to its name and declared",
				name, bound, declared)
		}
	}
	if api.Authentication.Type != "bearer" || len(namesFilledIn(api.Authentication.Token)) != 1 {
		t.Errorf("authentication %+v; want a bound bearer token", api.Authentication)
	}
	operations := api.operations()
	for _, tool := range mcp.Tools {
		operation, ok := operations[tool.Call]
		if !ok {
			t.Errorf("%s calls %s, which is not there", tool.Name, tool.Call)
			continue
		}
		arguments := map[string]bool{}
		for _, p := range tool.InputParameters {
			arguments[mcp.Namespace+"."+p.Name] = true
			if p.Description == "" || !p.Required {
				t.Errorf("%s: %+v; want it described and required", tool.Name, p)
			}
		}
		var filled, want []string
		for name, value := range tool.With {
			filled = append(filled, name)
			if !arguments[value] {
				t.Errorf("%s: %s is %s, which is no argument of it", tool.Name, name, value)
			}
			delete(arguments, value)
		}
		for name := range arguments {
			t.Errorf("%s: the argument %s goes nowhere", tool.Name, name)
		}
		texts := map[string]string{"path": operation.path, "body": operation.Body}
		for _, input := range operation.InputParameters {
			if input.Value == "" {
				want = append(want, input.Name)
			}
			if text, ok := texts[input.In]; ok && !slices.Contains(namesFilledIn(text), input.Name) {
				t.Errorf("%s: %s is not in the %s %q", tool.Call, input.Name, input.In, text)
			}
		}
		slices.Sort(filled)
		slices.Sort(want)
		if diff := cmp.Diff(want, filled); diff != "" {
			t.Errorf("%s: what %s needs (-needed +given):\n%s", tool.Name, tool.Call, diff)
		}
		for _, name := range append(namesFilledIn(operation.path), namesFilledIn(operation.Body)...) {
			if !slices.Contains(want, name) {
				t.Errorf("%s: %s is no input of it", tool.Call, name)
			}
		}
	}
}

// What an agent sees is 100ms's: the same tools, hints and arguments.
func TestDeployedCapabilityIsThatOf100ms(t *testing.T) {
	t.Parallel()
	file, _, mcp := readCapability(t)
	type tool struct {
		Description string
		Hints       map[string]bool
		Arguments   map[string]string
	}
	hints := func(readOnly bool) map[string]bool {
		return map[string]bool{"readOnly": readOnly, "destructive": false, "idempotent": true, "openWorld": false}
	}
	room := map[string]string{"room_id": "string"}
	want := map[string]tool{
		"hms-create-room-codes": {"Create room codes for a room (one per role).", hints(false), room},
		"hms-get-room-codes":    {"Get all room codes for a room.", hints(true), room},
		"hms-update-room-code": {"Enable or disable a specific room code.", hints(false),
			map[string]string{"code": "string", "body": "object"}},
	}
	got := map[string]tool{}
	for _, exposed := range mcp.Tools {
		arguments := map[string]string{}
		for _, p := range exposed.InputParameters {
			arguments[p.Name] = p.Type
		}
		got[exposed.Name] = tool{exposed.Description, exposed.Hints, arguments}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tools (-100ms +ours):\n%s", diff)
	}
	if file.Naftiko != "1.0.0-alpha2" || file.Info.Label != "100ms Server-Side API — Room Codes" {
		t.Errorf("%s of version %s", file.Info.Label, file.Naftiko)
	}
}
