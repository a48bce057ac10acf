package openapitest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Validate says what about the document itself is wrong: what OpenAPI 3.1 does
// not allow, examples that are not what their schemas say, and operations
// without a name of their own.
func (d *Document) Validate() error {
	return errors.Join(d.model.Validate(context.Background()), d.validateExamples("#", d.tree), d.validateNames())
}

// validateExamples looks for examples in a part of the document: beside a
// schema, as media types, parameters and headers have them, or in one.
func (d *Document) validateExamples(place string, part any) error {
	var errs []error
	switch part := part.(type) {
	case []any:
		for i, element := range part {
			errs = append(errs, d.validateExamples(place+"/"+strconv.Itoa(i), element))
		}
	case map[string]any:
		schema, examples := place+"/schema", []any{}
		if one, ok := part["example"]; ok {
			examples = append(examples, one)
		}
		switch several := part["examples"].(type) {
		case []any:
			schema, examples = place, several
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(several)) {
				example, _ := several[name].(map[string]any)
				examples = append(examples, example["value"])
			}
		}
		for _, example := range examples {
			if err := d.validate(schema, example); err != nil {
				errs = append(errs, fmt.Errorf("an example at %s: %w", place, err))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(part)) {
			if name != "example" && name != "examples" {
				errs = append(errs, d.validateExamples(place+"/"+escape(name), part[name]))
			}
		}
	}
	return errors.Join(errs...)
}

func (d *Document) validateNames() error {
	var names []string
	for path, item := range d.model.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.OperationID == "" || slices.Contains(names, operation.OperationID) {
				return fmt.Errorf("%s %s: the operationId %q is empty or another's", method, path, operation.OperationID)
			}
			names = append(names, operation.OperationID)
		}
	}
	return nil
}
