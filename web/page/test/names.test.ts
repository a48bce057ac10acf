import { describe, expect, it } from 'vitest';
import { cleanName, cut, initials, shortName } from '../src/names';

describe('cleanName', () => {
  it('keeps ordinary names', () => {
    expect(cleanName('  Ada   Lovelace ')).toBe('Ada Lovelace');
    expect(cleanName('محمد')).toBe('محمد');
  });
  it('takes out what cannot be seen or turns text around', () => {
    expect(cleanName('A\u202eda\u0000\u200b\nL')).toBe('A da L');
  });
  it('cuts at 80 characters and never through one', () => {
    expect(cleanName('x'.repeat(10_000))).toHaveLength(80);
    expect(Array.from(cleanName('👩'.repeat(100)))).toHaveLength(80);
    expect(cleanName('👩'.repeat(100)).endsWith('👩')).toBe(true);
  });
  it('leaves nothing of nothing', () => {
    expect(cleanName(' \u200b\u202e ')).toBe('');
    for (const blank of ['\u3164', '\u115f \u1160', '\uffa0', '\u200d\ufe0f', '\u2800', '\u{e0041}', '\u00ad']) expect(cleanName(blank)).toBe('');
  });
  it('keeps what joins the parts of an emoji or a word', () => {
    expect(cleanName('👩\u200d🔬')).toBe('👩\u200d🔬');
    expect(cleanName('می\u200cخواهم')).toBe('می\u200cخواهم');
  });
});

describe('cut and shortName', () => {
  it('count characters, not halves of them', () => {
    expect(cut('👩👩👩', 2)).toBe('👩👩');
  });
  it('show that something is missing', () => {
    expect(shortName('a'.repeat(50), 10)).toBe('aaaaaaaaa…');
    expect(shortName('short', 10)).toBe('short');
  });
});

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['ada', 'A'],
    ['Ada King Lovelace', 'AL'],
    ['', ''],
    ['👩 x', '👩X'],
    ['<b>Eve</b> (guest)', 'BG'],
    ['!!!', ''],
  ])('of %j are %j', (name, want) => {
    expect(initials(name)).toBe(want);
  });
});
