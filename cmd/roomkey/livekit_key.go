package main

import "roomkey/auth"

// unnamedInsideKey is the name of the key in versions that could not rotate it.
// Their join tokens are good for ten minutes after an update.
const unnamedInsideKey = "roomkey"

// otherInsideKey gives the API secrets of those keys of the LiveKit inside that it
// was not started with: of signing secrets before or after a rotation. An unknown
// key has an empty one.
func otherInsideKey(keyring *auth.Keyring) func(name string) string {
	return func(name string) string {
		for i, secret := range keyring.Accepted() {
			key, apiSecret, err := auth.LiveKitKey(secret)
			if err == nil && (name == key || i == 0 && name == unnamedInsideKey) {
				return apiSecret
			}
		}
		return ""
	}
}
