package openapitest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Document is an OpenAPI 3.1 document.
type Document struct {
	model *openapi3.T
	paths *http.ServeMux // OpenAPI and ServeMux write the parameters of a path alike

	mu   sync.Mutex
	seen map[string]bool // answers that came, as "operationId status"
}

// Read reads a document written in JSON.
func Read(text []byte) (*Document, error) {
	model, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI: %w", err)
	}
	d := &Document{model: model, paths: http.NewServeMux(), seen: map[string]bool{}}
	for path := range model.Paths.Map() {
		d.paths.Handle(path, http.NotFoundHandler())
	}
	return d, nil
}

// init defines the formats that kin-openapi does not check by itself, or not
// strictly.
func init() {
	define := openapi3.DefineStringFormatValidator
	define("uuid", openapi3.NewRegexpFormatValidator(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`))
	define("uri", openapi3.NewCallbackValidator(func(s string) error {
		_, err := url.Parse(s)
		return err
	}))
	define("date-time", openapi3.NewCallbackValidator(func(s string) error {
		_, err := time.Parse(time.RFC3339, s)
		return err
	}))
}

// Validate says what about the document itself is wrong: what OpenAPI 3.1 does
// not allow, examples that do not match their schemas, and operations without a
// name of their own.
func (d *Document) Validate() error {
	return errors.Join(d.model.Validate(context.Background()), d.validateExamples(), d.validateNames())
}

// validateExamples checks the examples that kin-openapi does not: those inside
// schemas, and those of headers.
func (d *Document) validateExamples() error {
	for name, header := range d.model.Components.Headers {
		if err := header.Value.Schema.Value.VisitJSON(header.Value.Example, openapi3.EnableJSONSchema2020()); err != nil {
			return fmt.Errorf("the example of the header %s: %w", name, err)
		}
	}
	return d.model.WalkSchemas(func(place string, schema *openapi3.SchemaRef) error {
		for _, example := range schema.Value.Examples {
			if err := schema.Value.VisitJSON(example, openapi3.EnableJSONSchema2020()); err != nil {
				return fmt.Errorf("an example at %s: %w", place, err)
			}
		}
		return nil
	})
}

func (d *Document) validateNames() error {
	for path, item := range d.model.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.OperationID == "" {
				return fmt.Errorf("%s %s has no operationId", method, path)
			}
		}
	}
	return nil
}

// find gives the path of the document that an address belongs to; nil if there is
// none.
func (d *Document) find(u *url.URL) *openapi3.PathItem {
	if p := u.EscapedPath(); path.Clean(p) != p {
		return nil
	}
	_, pattern := d.paths.Handler(&http.Request{Method: http.MethodGet, URL: u})
	return d.model.Paths.Find(pattern)
}

// elsewhere gives an operation for addresses that are under an API but not in the
// document: it has only the error of that API. It is nil for other addresses.
func (d *Document) elsewhere(u *url.URL) *openapi3.Operation {
	for prefix, schema := range map[string]string{"/api/": "Error", "/v2/": "CodesError"} {
		if strings.HasPrefix(path.Clean("/"+u.Path)+"/", prefix) {
			response := openapi3.NewResponse().WithJSONSchemaRef(d.model.Components.Schemas[schema])
			return &openapi3.Operation{Responses: openapi3.NewResponses(
				openapi3.WithName("4XX", response), openapi3.WithName("5XX", response))}
		}
	}
	return nil
}

// Knows says whether the document is about an address.
func (d *Document) Knows(u *url.URL) bool { return d.find(u) != nil || d.elsewhere(u) != nil }

// Check says how an answer differs from the document.
func (d *Document) Check(method string, u *url.URL, status int, header http.Header, body []byte) error {
	switch {
	case method == http.MethodOptions && status == http.StatusNoContent &&
		header.Get("Access-Control-Allow-Methods") != "":
		return nil // to a CORS preflight
	case status == http.StatusRequestHeaderFieldsTooLarge:
		return nil // from net/http, which has not read the path
	}
	operation, err := d.operation(method, u, status)
	switch {
	case operation == nil || err != nil:
		return err
	case method != http.MethodHead && !json.Valid(body): // kin-openapi reads only the first value
		return errors.New("the body is not JSON")
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: &http.Request{Method: http.MethodGet, URL: u}, // with HEAD, nothing would be checked
			Route:   &routers.Route{Spec: d.model, Operation: operation},
		},
		Status:  status,
		Header:  header,
		Body:    io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: method == http.MethodHead},
	})
}

// operation finds the operation that an answer is of, and notes that the answer
// came. A method that a path does not have is to be refused with 405 like by its
// other operations.
func (d *Document) operation(method string, u *url.URL, status int) (*openapi3.Operation, error) {
	item := d.find(u)
	if item == nil {
		operation := d.elsewhere(u)
		if operation != nil && status < 400 {
			return nil, errors.New("the document has no such path")
		}
		return operation, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	operations := item.Operations()
	if status == http.StatusMethodNotAllowed {
		var operation *openapi3.Operation
		for _, operation = range operations {
			d.seen[answerOf(operation, strconv.Itoa(status))] = true
		}
		return operation, nil // any of them: they refuse alike
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	operation := operations[method]
	if operation == nil {
		return nil, fmt.Errorf("the document has no %s here, so it should be 405", method)
	}
	d.seen[answerOf(operation, strconv.Itoa(status))] = true
	return operation, nil
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
