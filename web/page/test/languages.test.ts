// @vitest-environment jsdom
import { afterEach, describe, expect, it } from 'vitest';
import { callText } from '../src/call/words';
import { speak, speakInCall } from '../src/languages';
import germanCall from '../src/languages/call/de';
import german from '../src/languages/de';
import { text } from '../src/text';

const english = { ...text };
const englishCall = { ...callText };
afterEach(() => {
  Object.assign(text, english);
  Object.assign(callText, englishCall);
  document.documentElement.lang = 'en';
});

/** shape is the keys of texts, with how many arguments sentences take. */
function shape(words: unknown): unknown {
  if (typeof words === 'function') return 'a sentence';
  if (typeof words !== 'object' || words === null) return typeof words;
  return Object.fromEntries(Object.entries(words).map(([key, value]) => [key, shape(value)]));
}

describe('German', () => {
  it('has every text and no other', () => {
    expect(shape(german)).toEqual(shape(english));
    expect(shape(germanCall)).toEqual(shape(englishCall));
  });
  it('differs in what is read', () => {
    expect(germanCall.host.mute('Bob')).toBe('Bob stummschalten');
    expect(german.message.link.heading).not.toBe(english.message.link.heading);
  });
});

describe('speak', () => {
  it('is waited for by the words of the call', async () => {
    void speak(['de']);
    await speakInCall();
    expect(callText.people.heading).toBe('Personen');
  });
  it.each([
    [['de-AT', 'en'], 'de'],
    [['xx', 'de'], 'de'],
    [['en-GB', 'de'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
  ])('for %j it is %s', async (wanted, language) => {
    document.documentElement.lang = 'en';
    await speak(wanted);
    expect(document.documentElement.lang).toBe(language);
    expect(text.call.leave).toBe(language === 'de' ? 'Verlassen' : 'Leave');
    if (language !== 'de') return;
    expect(callText.people.heading).toBe('People');
    await speakInCall();
    expect(callText.people.heading).toBe('Personen');
  });
});
