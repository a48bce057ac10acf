// Names are typed by strangers.

/** maxName is how many characters of a name are kept. */
export const maxName = 80;

// Characters that show nothing, or change how what follows them is shown.
const invisible = /[\p{Cc}\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

// A name may contain some of these, as emoji and Persian do, but not only these.
const blank = /^[\s\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/** cleanName gives a name as it is sent: one line, trimmed, at most 80 characters, and empty when there is nothing to see. */
export function cleanName(text: string): string {
  const clean = cut(text.replace(invisible, ' ').replace(/\s+/g, ' ').trim(), maxName).trim();
  return blank.test(clean) ? '' : clean;
}

/** cut keeps at most max characters and never half of one. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const characters = Array.from(text.slice(0, 2 * max)); // no character is longer than two units
  return characters.slice(0, max).join('');
}

/** shortName is a name for a sentence: cut, with an ellipsis. */
export function shortName(text: string, max = 40): string {
  const clean = cleanName(text);
  return Array.from(clean).length <= max ? clean : cut(clean, max - 1).trimEnd() + '…';
}

/** titleOf is what people call a room. */
export function titleOf({ title, room_name }: { title?: string; room_name: string }): string {
  return title || room_name;
}

/** initials are what a tile without a picture shows. */
export function initials(name: string): string {
  const first = cleanName(name)
    .split(' ')
    .flatMap((word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.exec(word)?.[0] ?? []);
  const ends = first.length > 1 ? [first[0], first[first.length - 1]] : first;
  return ends.join('').toLocaleUpperCase();
}
