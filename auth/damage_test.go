package auth_test

import (
	"strings"
	"testing"
	"time"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func TestVerifyRefusesTruncatedTokens(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	token := sign(t, a, ada, time.Hour)
	for n := range len(token) {
		refused(t, a.Verify, "cut at the end", token[:n], errAny)
		refused(t, a.Verify, "cut at the start", token[n+1:], errAny)
	}
}

// No two texts are the same token: not even the bits of the last letter that
// mean nothing are free.
func TestVerifyRefusesEveryOtherLetter(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	token := sign(t, a, ada, time.Hour)
	for i := range len(token) {
		letters := "AB." // one of them is another one than the token's
		if i == len(token)-1 {
			letters = alphabet
		}
		for _, letter := range []byte(letters) {
			if token[i] != letter {
				refused(t, a.Verify, "one letter changed", token[:i]+string(letter)+token[i+1:], errAny)
			}
		}
	}
}

func TestVerifyRefusesWhatIsNoToken(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	token := sign(t, a, ada, time.Hour)
	parts := strings.Split(token, ".")
	for _, s := range []string{
		"", ".", "..", "...", "....", " ", "\x00", "null", "{}",
		"Bearer " + token, token + ".", token + "." + parts[2], "." + token,
		parts[0] + ".." + parts[2], "." + parts[1] + "." + parts[2], parts[1] + "." + parts[0] + "." + parts[2],
		token + "=", token + "==", token + "A", token + "AAAA", " " + token, token + " ",
		token + "\n", token[:len(token)-5] + "\r\n" + token[len(token)-5:], strings.ReplaceAll(token, ".", ". "),
		"bnVsbA.bnVsbA.bnVsbA", // null.null.null
		strings.Repeat("A", 4097), strings.Repeat(".", 4096), strings.Repeat("e30.", 1000), strings.Repeat("x", 1<<20),
	} {
		refused(t, a.Verify, "no token", s, errAny)
	}
}
