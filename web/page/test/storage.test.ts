// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepChoices, readChoices, tabStore } from '../src/storage';

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

describe('choices', () => {
  it('are remembered one by one', () => {
    keepChoices({ name: 'Ada' });
    keepChoices({ camera: false });
    expect(readChoices()).toMatchObject({ name: 'Ada', camera: false, microphone: true });
  });
  it('of another type or unknown are left out', () => {
    localStorage.setItem('roomkey.choices', JSON.stringify({ name: 5, camera: 'yes', speakerId: 's', token: 'x' }));
    expect(readChoices()).toEqual({ name: '', microphone: true, camera: true, microphoneId: '', cameraId: '', speakerId: 's', shortcuts: true, sounds: true, blur: false });
  });
  it('do without storage', () => {
    vi.stubGlobal('localStorage', undefined);
    keepChoices({ name: 'Ada' });
    expect(readChoices().name).toBe('Ada');
  });
});

describe('a store', () => {
  it('remembers what the browser does not take, over what it has', () => {
    tabStore.write('a', 'old');
    vi.stubGlobal('sessionStorage', {
      getItem: () => '"old"',
      setItem: () => {
        throw new DOMException('', 'QuotaExceededError');
      },
      removeItem: () => {
        throw new DOMException('', 'SecurityError');
      },
    });
    tabStore.write('a', { token: 'new' });
    expect(tabStore.read('a')).toEqual({ token: 'new' });
    tabStore.write('a', null);
    expect(tabStore.read('a')).toBeNull();
  });
  it('goes back to what is stored once it can', () => {
    vi.stubGlobal('sessionStorage', undefined);
    tabStore.write('a', 1);
    expect(tabStore.read('a')).toBe(1);
    vi.unstubAllGlobals();
    tabStore.write('a', 2);
    expect(sessionStorage.getItem('a')).toBe('2');
    expect(tabStore.read('a')).toBe(2);
  });
});
