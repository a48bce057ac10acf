package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// The settings in a join's answer are those that roomkey answers with: a setting that is
// missing here would make the answers differ in length, and every measurement fail.
func TestSettingsAreThoseOfRoomkey(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../web/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components struct {
			Schemas struct {
				Settings struct{ Properties map[string]any }
			}
		}
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	for name := range document.Components.Schemas.Settings.Properties {
		given[name] = true
	}
	text, _ := json.Marshal(given)
	var answer joinAnswer
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&answer.Settings); err != nil || len(given) == 0 {
		t.Errorf("settings %s: %v", text, err)
	}
}
