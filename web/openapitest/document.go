package openapitest

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Document is an OpenAPI 3.1 document.
type Document struct {
	model *openapi3.T
	tree  any // the same as plain JSON

	// Schemas of OpenAPI 3.1 are JSON Schema as it stands. So they are compiled
	// out of the document itself, by their place in it, with every format.
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
	seen     map[string]bool // answers that came, as "operationId status"
}

const documentURL = "https://roomkey.invalid/openapi.json"

// Read reads a document written in JSON.
func Read(text []byte) (*Document, error) {
	model, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI: %w", err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	d := &Document{model: model, tree: tree, compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}, seen: map[string]bool{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(documentURL, tree); err != nil {
		return nil, fmt.Errorf("take in the document: %w", err)
	}
	return d, nil
}

// errorSchemas are the shapes of errors where the document has no path.
var errorSchemas = map[string]string{"/api/": "#/components/schemas/Error", "/v2/": "#/components/schemas/CodesError"}

// Knows says whether the document is about an address.
func (d *Document) Knows(u *url.URL) bool {
	if template, _ := d.find(u); template != "" {
		return true
	}
	return errorSchemaFor(u) != ""
}

func errorSchemaFor(u *url.URL) string {
	for prefix, schema := range errorSchemas {
		if strings.HasPrefix(path.Clean("/"+u.Path)+"/", prefix) {
			return schema
		}
	}
	return ""
}

// Check says what of an answer is not as the document has it.
func (d *Document) Check(method string, u *url.URL, status int, header http.Header, body []byte) error {
	if method == http.MethodOptions && status == http.StatusNoContent && header.Get("Access-Control-Allow-Methods") != "" {
		return nil // a preflight, which is a matter of browsers
	}
	if status == http.StatusRequestHeaderFieldsTooLarge {
		return nil // said before anybody knows what is asked
	}
	template, item := d.find(u)
	if item == nil {
		return d.checkElsewhere(u, status, header, body)
	}
	place, response, err := d.response(template, item, method, status)
	if err != nil {
		return err
	}
	if err := d.checkHeaders(place, response, header); err != nil {
		return err
	}
	return d.checkBody(place, response, method, header, body)
}

// checkElsewhere is about addresses under an API that the document does not
// have: nothing may be there, and an error looks like every other of the API.
func (d *Document) checkElsewhere(u *url.URL, status int, header http.Header, body []byte) error {
	schema := errorSchemaFor(u)
	switch {
	case schema == "":
		return nil
	case status < 400:
		return errors.New("the document has no such path")
	}
	return d.checkJSON(schema, header, body)
}

// find gives the path of the document that an address belongs to; of two, the
// one that says more.
func (d *Document) find(u *url.URL) (string, *openapi3.PathItem) {
	best, fewest := "", 0
	for path := range d.model.Paths.Map() {
		if n, ok := match(path, u.EscapedPath()); ok && (best == "" || n < fewest) {
			best, fewest = path, n
		}
	}
	return best, d.model.Paths.Find(best)
}

// match says whether an address has the form of a path, and with how many
// parameters.
func match(path, address string) (parameters int, ok bool) {
	want, got := strings.Split(path, "/"), strings.Split(address, "/")
	if len(want) != len(got) {
		return 0, false
	}
	for i := range want {
		switch {
		case strings.HasPrefix(want[i], "{"):
			if got[i] == "" {
				return 0, false
			}
			parameters++
		case want[i] != got[i]:
			return 0, false
		}
	}
	return parameters, true
}

// response finds what the document says of a status, and its place. A method
// that it does not have is refused like by any other operation of the path.
func (d *Document) response(path string, item *openapi3.PathItem, method string, status int) (string, *openapi3.Response, error) {
	operations := item.Operations()
	name := method
	if method == http.MethodHead && status != http.StatusMethodNotAllowed {
		name = http.MethodGet
	}
	operation := operations[name]
	if operation == nil {
		if status != http.StatusMethodNotAllowed {
			return "", nil, fmt.Errorf("the document has no %s here, so it should be 405", method)
		}
		for name, operation = range operations { // whichever: they refuse alike
			break
		}
	}
	d.see(operation, operations, status)
	ref := operation.Responses.Status(status)
	if ref == nil {
		return "", nil, fmt.Errorf("%s does not have this status", operation.OperationID)
	}
	place := ref.Ref
	if place == "" {
		place = "#/paths/" + escape(path) + "/" + strings.ToLower(name) + "/responses/" + strconv.Itoa(status)
	}
	return place, ref.Value, nil
}

// see notes that an answer came; a refused method is the answer of all
// operations of its path.
func (d *Document) see(operation *openapi3.Operation, ofPath map[string]*openapi3.Operation, status int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[answerOf(operation, strconv.Itoa(status))] = true
	if status == http.StatusMethodNotAllowed {
		for _, o := range ofPath {
			d.seen[answerOf(o, strconv.Itoa(status))] = true
		}
	}
}

func answerOf(operation *openapi3.Operation, status string) string {
	return operation.OperationID + " " + status
}

// Unseen are the answers of the document that did not come, as "operationId
// status".
func (d *Document) Unseen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var unseen []string
	for _, item := range d.model.Paths.Map() {
		for _, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				if answer := answerOf(operation, status); !d.seen[answer] {
					unseen = append(unseen, answer)
				}
			}
		}
	}
	slices.Sort(unseen)
	return unseen
}

func escape(token string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(token) }

func (d *Document) checkHeaders(place string, response *openapi3.Response, header http.Header) error {
	for name, ref := range response.Headers {
		values := header.Values(name)
		if len(values) == 0 {
			if ref.Value.Required {
				return fmt.Errorf("the header %s is missing", name)
			}
			continue
		}
		at := ref.Ref
		if at == "" {
			at = place + "/headers/" + escape(name)
		}
		var value any = values[0]
		if ref.Value.Schema.Value.Type.Is("integer") {
			n, err := strconv.Atoi(values[0])
			if err != nil {
				return fmt.Errorf("the header %s is %q, not a number", name, values[0])
			}
			value = n
		}
		if err := d.validate(at+"/schema", value); err != nil {
			return fmt.Errorf("the header %s: %w", name, err)
		}
	}
	return nil
}

func (d *Document) checkBody(place string, response *openapi3.Response, method string, header http.Header, body []byte) error {
	switch {
	case method == http.MethodHead:
		return nil // the headers of a body that is not there
	case len(response.Content) == 0 && len(body) > 0:
		return errors.New("there is a body")
	case len(response.Content) == 0:
		return nil
	}
	return d.checkJSON(place+"/content/"+escape(jsonType)+"/schema", header, body)
}

const jsonType = "application/json"

func (d *Document) checkJSON(schema string, header http.Header, body []byte) error {
	if got, _, err := mime.ParseMediaType(header.Get("Content-Type")); err != nil || got != jsonType {
		return fmt.Errorf("the Content-Type is %q, not %s", header.Get("Content-Type"), jsonType)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return d.validate(schema, value)
}

// validate holds a value against the schema at a place of the document.
func (d *Document) validate(place string, value any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	schema := d.schemas[place]
	if schema == nil {
		var err error
		if schema, err = d.compiler.Compile(documentURL + percent(place)); err != nil {
			return fmt.Errorf("the schema at %s: %w", place, err)
		}
		d.schemas[place] = schema
	}
	return schema.Validate(value)
}

// percent makes a place fit for a URL: names of parameters stand in braces.
func percent(place string) string {
	return strings.NewReplacer("{", "%7B", "}", "%7D").Replace(place)
}
