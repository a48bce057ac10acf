package meet

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest texts that people may leave, in characters.
const (
	MaxDisplayName = 80
	MaxUserID      = 128
	MaxLabel       = 64
	MaxReason      = 300
)

// CleanText makes a text that people typed harmless to show. Characters that are
// invisible or change the order of others (control, zero-width, bidi, fillers) are
// removed, white space at the ends too, and the rest is cut to max characters.
func CleanText(s string, max int) string {
	if len(s) > 8*max { // enough for max characters and as many dropped ones
		s = s[:8*max]
	}
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if isInvisible(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s))
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:max]))
}

// checkText is strict where [CleanText] corrects: it gives the text without white
// space at its ends, or an error. It is for callers that can correct their call.
func checkText(field, s string, max int) (string, error) {
	s = strings.TrimSpace(s)
	if n := utf8.RuneCountInString(s); n > max {
		return "", Invalid(field, fmt.Sprintf("%s must be at most %d characters", field, max),
			fmt.Sprintf("It has %d; shorten it.", n))
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, isInvisible) || strings.ContainsRune(s, utf8.RuneError) {
		return "", Invalid(field, field+" must not contain control, zero-width or text-direction characters",
			"Send it again with visible characters only.")
	}
	return s, nil
}

// secrets match tokens and room codes, which people paste into texts by mistake and
// which must not be on record.
var secrets = regexp.MustCompile(`(eyJ)[\w-]+\.[\w-]+(?:\.[\w-]*)?|\b([A-Za-z]{3})-[A-Za-z]{4}-[A-Za-z]{3}\b`)

// redactSecrets removes tokens and codes from a text. The first group of a code
// stays.
func redactSecrets(s string) string {
	if !mayHoldSecret(s) {
		return s
	}
	return secrets.ReplaceAllString(s, "$1$2…")
}

// mayHoldSecret says no to most texts in a fraction of the time that secrets takes: a
// token has "eyJ", and a code has two hyphens with four letters between them.
func mayHoldSecret(s string) bool {
	for i := range len(s) - 5 {
		if s[i] == '-' && s[i+5] == '-' {
			return true
		}
	}
	return strings.Contains(s, "eyJ")
}

// redactCode is redactSecrets for a person who came by a known code: it also removes
// that code when it is written in another way.
func redactCode(s, code string) string {
	s = redactSecrets(s)
	bare := strings.ReplaceAll(code, "-", "")
	if code == "" || !strings.Contains(onlyLetters(s), bare) {
		return s
	}
	letters := strings.Split(bare, "")
	any := regexp.MustCompile(`(?i)` + strings.Join(letters, `[\s\p{Pd}]*`))
	return any.ReplaceAllString(s, FirstGroup(code)+"…")
}

// onlyLetters gives the letters a to z of a text, in lower case.
func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
}

// cutBytes cuts a text to at most max bytes, between characters.
func cutBytes(s string, max int) string {
	for len(s) > max {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// isInvisible says whether r is a control, format (zero-width, bidi, tag), line
// separator, private-use or blank filler character.
func isInvisible(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800': // blank fillers that count as letters or symbols
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp)
}
