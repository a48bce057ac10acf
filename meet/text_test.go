package meet

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanText(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"Ada Lovelace", "Ada Lovelace"},
		{"  Ada \n", "Ada"},
		{"A\x00d\x1ba\r\n", "Ada"},
		{"\u202eevil\u202c \u2066x\u2069", "evil x"},
		{"a\u200bb\u200dc\ufeffd", "abcd"},
		{"\u3164\u115f\u2800", ""},
		{"\u2028line\u2029", "line"},
		{"\U000e0041tag", "tag"},
		{"<script>alert(1)</script>", "<script>alert(1)</script>"}, // shown as text, so it may stay
		{"bad\xffutf8", "badutf8"},
		{"日本語 Ünï", "日本語 Ünï"},
		{strings.Repeat("é", 10_000), strings.Repeat("é", 80)},
		{strings.Repeat("\u200b", 100) + "x", "x"},
	}
	for _, tt := range tests {
		if got := CleanText(tt.in, 80); got != tt.want {
			t.Errorf("CleanText(%.40q) = %.100q; want %.100q", tt.in, got, tt.want)
		}
	}
}

func TestCheckText(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"a\x00b", "a\u202eb", "a\u200bb", "a\xffb", "a\ufffdb", strings.Repeat("a", 81),
		strings.Repeat("a", 1<<20)} {
		if got, err := checkText("name", bad, 80); !IsCode(err, CodeInvalid) || AsError(err).Field != "name" {
			t.Errorf("checkText(%.20q) = %q, %v; want invalid on field name", bad, got, err)
		}
	}
	if got, err := checkText("name", " Ada ", 80); err != nil || got != "Ada" {
		t.Errorf("checkText = %q, %v; want Ada", got, err)
	}
}

func FuzzCleanText(f *testing.F) {
	f.Add("Ada\u202e", 80)
	f.Fuzz(func(t *testing.T, s string, max int) {
		if max < 1 || max > 1000 {
			return
		}
		got := CleanText(s, max)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > max || strings.ContainsFunc(got, isInvisible) {
			t.Errorf("CleanText(%q, %d) = %q", s, max, got)
		}
		if again := CleanText(got, max); again != got {
			t.Errorf("CleanText(%q) = %q; cleaning twice must change nothing", got, again)
		}
	})
}

// The short look at a text misses no secret.
func TestRedactSecrets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "-": "-", "a-b": "a-b", "----------": "----------", "team-standup-2026": "team-standup-2026",
		"wpi-srjb-wer":                         "wpi…",
		"come with wpi-srjb-wer!":              "come with wpi…!",
		"WPI-srjb-WER-wpi-srjb-we":             "WPI…-wpi-srjb-we",
		"wpi-srjb-werx":                        "wpi-srjb-werx",
		"eyJhbGci.eyJzdWIi.c2ln":               "eyJ…",
		"is it eyJhbGci.eyJzdWIi?":             "is it eyJ…?",
		"01a229ad-09ad-7512-b694-e4a319b85687": "01a229ad-09ad-7512-b694-e4a319b85687",
	} {
		if got := redactSecrets(text); got != want || got != secrets.ReplaceAllString(text, "$1$2…") {
			t.Errorf("redactSecrets(%q) = %q, want %q", text, got, want)
		}
	}
}
