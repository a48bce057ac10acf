// The key of an encrypted room. It lives in the fragment of the link, which
// browsers never send, and in the tab while the person signs in elsewhere.

const keyBytes = 32;
const keyPattern = /^[A-Za-z0-9_-]{43}$/; // 32 bytes in base64url

/** keyOf reads the key from a fragment like #key=…; null when there is none. */
export function keyOf(fragment: string): string | null {
  const key = new URLSearchParams(fragment.replace(/^#/, '')).get('key');
  return key !== null && keyPattern.test(key) ? key : null;
}

/** keyIn finds a key in a pasted text: a whole link, its end, or only the key. */
export function keyIn(text: string): string | null {
  const trimmed = text.trim();
  const hash = trimmed.indexOf('#');
  if (hash >= 0) return keyOf(trimmed.slice(hash));
  return keyOf(trimmed) ?? (keyPattern.test(trimmed) ? trimmed : null);
}

/** newKey makes a key from a cryptographic source. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(keyBytes));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** fragmentOf is the end of a link that carries the key. */
export function fragmentOf(key: string): string {
  return `#key=${key}`;
}
