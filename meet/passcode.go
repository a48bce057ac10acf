package meet

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// A passcode is 16 letters, 75 bits, that the program draws: nobody finds one by
// guessing, and the hash does not give it away either.
const (
	passcodeLetters    = 16
	passcodeIterations = 20_000
)

var passcodeEncoding = base64.RawURLEncoding

// NewPasscode draws a passcode, in groups of four letters.
func NewPasscode() string {
	letters := make([]byte, 0, passcodeLetters)
	for len(letters) < passcodeLetters {
		var b [1]byte
		_, _ = rand.Read(b[:]) // it never fails
		if b[0] < 26*9 {       // so that each letter is as likely as the others
			letters = append(letters, 'a'+b[0]%26)
		}
	}
	groups := make([]string, 0, passcodeLetters/4)
	for i := 0; i < len(letters); i += 4 {
		groups = append(groups, string(letters[i:i+4]))
	}
	return strings.Join(groups, "-")
}

// HashPasscode gives what is stored of a passcode: a salt and a hash.
func HashPasscode(passcode string) (string, error) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	sum, err := passcodeSum(passcode, salt)
	if err != nil {
		return "", err
	}
	return passcodeEncoding.EncodeToString(salt) + "." + passcodeEncoding.EncodeToString(sum), nil
}

// CheckPasscode says whether a passcode is the one of the hash, in any case and with
// or without hyphens and spaces. It takes as long for an empty hash, which has none.
func CheckPasscode(hash, passcode string) bool {
	saltText, sumText, _ := strings.Cut(hash, ".")
	salt, saltErr := passcodeEncoding.DecodeString(saltText)
	want, wantErr := passcodeEncoding.DecodeString(sumText)
	sum, err := passcodeSum(passcode, salt)
	return err == nil && saltErr == nil && wantErr == nil && len(salt) > 0 && subtle.ConstantTimeCompare(sum, want) == 1
}

func passcodeSum(passcode string, salt []byte) ([]byte, error) {
	letters := strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(passcode))
	return pbkdf2.Key(sha256.New, letters, salt, passcodeIterations, sha256.Size)
}
