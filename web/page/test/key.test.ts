import { describe, expect, it } from 'vitest';
import { fragmentOf, keyIn, keyOf, newKey } from '../src/key';

const key = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE';

describe('keyOf', () => {
  it('reads the key of a fragment', () => {
    expect(keyOf(`#key=${key}`)).toBe(key);
    expect(keyOf(`#x=1&key=${key}`)).toBe(key);
  });
  it.each(['', '#', '#key=', `#key=${key}A`, `#key=${key.slice(1)}`, `#key=${key.slice(1)}!`, `#${key}`])('finds none in %j', (fragment) => {
    expect(keyOf(fragment)).toBeNull();
  });
});

describe('keyIn', () => {
  it.each([`https://rooms.example/m/standup#key=${key}`, `#key=${key}`, `key=${key}`, ` ${key}\n`])('finds the key in %j', (pasted) => {
    expect(keyIn(pasted)).toBe(key);
  });
  it.each(['', 'standup', 'https://rooms.example/m/standup', 'https://rooms.example/m/standup#key=short'])('finds none in %j', (pasted) => {
    expect(keyIn(pasted)).toBeNull();
  });
});

describe('newKey', () => {
  it('is one that is read back', () => {
    const made = newKey();
    expect(keyOf(fragmentOf(made))).toBe(made);
  });
  it('holds 32 bytes, another each time', () => {
    const made = newKey();
    expect(atob(made.replaceAll('-', '+').replaceAll('_', '/')).length).toBe(32);
    expect(newKey()).not.toBe(made);
  });
});
