package main

import "roomkey/auth"

// unnamedInsideKey is what versions before rotation called the key. Their join
// tokens live on for ten minutes after an update.
const unnamedInsideKey = "roomkey"

// otherInsideKey gives the API secret of a key of the LiveKit inside that it
// was not started with: of a secret before or after a rotation. Empty is none.
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
