// Commands for a terminal. What is in them may have been made up by a stranger.

/** commandOf writes a command that a shell reads as these words, whatever is in them. */
export function commandOf(...words: string[]): string {
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@.,:/=-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}

/** argument is a word that is no option, also where it begins like one. */
export function argument(word: string): string[] {
  return word.startsWith('-') ? ['--', word] : [word];
}
