// crypto.randomUUID is for secure origins only, and LiveKit's chat cannot send
// without it: on an http origin it is made from what is there.

/** randomUUID makes a version 4 UUID (RFC 4122). */
export function randomUUID(): ReturnType<Crypto['randomUUID']> {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40; // the version
  bytes[8] = (bytes[8]! & 0x3f) | 0x80; // the variant
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** provideRandomUUID puts it where it is missing. */
export function provideRandomUUID() {
  if (typeof crypto.randomUUID !== 'function') Object.defineProperty(crypto, 'randomUUID', { value: randomUUID, configurable: true });
}
