package main

import "roomkey/auth"

// otherInsideKey gives the API secrets of those keys of the LiveKit inside that it
// was not started with: of signing secrets before or after a rotation. An unknown
// key has an empty one.
func otherInsideKey(keyring *auth.Keyring) func(name string) string {
	return func(name string) string {
		for _, secret := range keyring.Accepted() {
			if key, apiSecret, err := auth.LiveKitKey(secret); err == nil && name == key {
				return apiSecret
			}
		}
		return ""
	}
}
