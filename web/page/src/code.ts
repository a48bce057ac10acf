// What a link leads to, and what people type in place of one.

/** JoinLink is what a link leads to: a room code, or a room by its name. */
export type JoinLink = { kind: 'code'; code: string } | { kind: 'room'; room: string };

/**
 * parseCode reads a room code as people write it down or read it aloud: in any
 * case, with spaces, without hyphens. It gives the written form, like
 * wpi-srjb-wer, or null.
 */
export function parseCode(text: string): string | null {
  const letters = text.toLowerCase().replace(/[\s\p{Pd}_.]+/gu, '');
  if (!/^[a-z]{10}$/.test(letters)) return null;
  return `${letters.slice(0, 3)}-${letters.slice(3, 7)}-${letters.slice(7)}`;
}

/** linkOf reads the page's path. A broken escape opens nothing and is sent as it is. */
export function linkOf(pathname: string): JoinLink | null {
  const parts = /^\/(join|m)\/([^/]+)\/?$/.exec(pathname);
  if (!parts?.[2]) return null;
  const value = unescape(parts[2]);
  return parts[1] === 'join' ? { kind: 'code', code: parseCode(value) ?? value } : { kind: 'room', room: value };
}

/** pathOf is the other way round. */
export function pathOf(link: JoinLink): string {
  return link.kind === 'code' ? `/join/${encodeURIComponent(link.code)}` : `/m/${encodeURIComponent(link.room)}`;
}

/** sameLink says whether two links are the same. */
export function sameLink(a: JoinLink, b: JoinLink): boolean {
  return pathOf(a) === pathOf(b);
}

/** asksForCode says that the page's path leads nowhere yet: the person has a code to type. */
export function asksForCode(pathname: string): boolean {
  return /^\/(join\/?)?$/.test(pathname);
}

/** linkIn finds what a typed or pasted text leads to: a code by itself or in a link, or the link of a room. */
export function linkIn(text: string): JoinLink | null {
  const code = codeIn(text);
  if (code) return { kind: 'code', code };
  const room = /^\s*\S+\/m\/([^/?#\s]+)/.exec(text)?.[1];
  return room ? { kind: 'room', room: unescape(room) } : null;
}

/** codeIn finds a code in a pasted text: only the code, or a whole link. */
export function codeIn(text: string): string | null {
  const link = /\/join\/([^/?#\s]+)/.exec(text);
  return parseCode(link?.[1] ? unescape(link[1]) : text);
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
