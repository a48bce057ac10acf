// @vitest-environment jsdom
import { afterEach, describe, expect, it } from 'vitest';
import { speak } from '../../src/console/languages';
import german from '../../src/console/languages/de';
import { text } from '../../src/console/text';

const english = { ...text };
afterEach(() => {
  Object.assign(text, english);
  document.documentElement.lang = 'en';
});

/** said are the texts of a language by their keys, and of sentences what they say of two things. */
function said(words: unknown, path = ''): [string, string][] {
  if (typeof words === 'function') return [[path, String((words as (...args: unknown[]) => unknown)('one', 'two', 'three'))]];
  if (typeof words !== 'object' || words === null) return [[path, String(words)]];
  return Object.entries(words).flatMap(([key, value]) => said(value, `${path}.${key}`));
}

// What is the same in both languages.
const same = /^[\d–]+$|^roomkey console$|^(one \(two\)|Webinar|Chat|Agent|Codes?|Name|Webhooks|LiveKit|Problem|Status one|Details)$/i;

describe('German', () => {
  it('has every text and no other', () => expect(said(german).map(([key]) => key)).toEqual(said(english).map(([key]) => key)));
  it('leaves no English word', () => {
    const left = new Map(said(english));
    expect(said(german).filter(([key, words]) => words === left.get(key) && !same.test(words))).toEqual([]);
  });
});

describe('speak', () => {
  it.each([
    [['de-AT', 'en'], 'de', 'Räume'],
    [['en-GB', 'de'], 'en', 'Rooms'],
    [['fr'], 'en', 'Rooms'],
  ])('for %j it is %s', async (wanted, language, heading) => {
    expect(await speak(wanted)).toBe(language);
    expect(document.documentElement.lang).toBe(language);
    expect(text.rooms.heading).toBe(heading);
  });
});
