// The language of a page: English, or the first of the browser's languages that there
// is a file for. A file is fetched only by those who need it.

/** Files are the languages beside English, by their paths (languages/de.ts). */
export type Files<T> = Record<string, () => Promise<{ default: T }>>;

/** speakOneOf puts the words of the first wanted language that there is in the place of the English ones, and gives its name. */
export async function speakOneOf<T extends object>(wanted: readonly string[], files: Files<T>, text: T): Promise<string> {
  for (const tag of wanted) {
    const language = tag.split('-')[0] ?? '';
    if (language === 'en') break;
    const load = files[`./languages/${language}.ts`];
    if (!load) continue;
    // A file that does not come leaves the page in English.
    const file = await load().catch(() => null);
    if (!file) break;
    Object.assign(text, file.default);
    document.documentElement.lang = language;
    return language;
  }
  return 'en';
}
