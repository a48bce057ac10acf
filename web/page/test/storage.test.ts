// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { keepChoices, readChoices } from '../src/storage';

beforeEach(() => localStorage.clear());

describe('choices', () => {
  it('are remembered one by one', () => {
    keepChoices({ name: 'Ada' });
    keepChoices({ camera: false });
    expect(readChoices()).toMatchObject({ name: 'Ada', camera: false, microphone: true });
  });
  it('of another type or unknown are left out', () => {
    localStorage.setItem('roomkey.choices', JSON.stringify({ name: 5, camera: 'yes', speakerId: 's', token: 'x' }));
    expect(readChoices()).toEqual({ name: '', microphone: true, camera: true, microphoneId: '', cameraId: '', speakerId: 's' });
  });
  it('do without storage', () => {
    vi.stubGlobal('localStorage', undefined);
    keepChoices({ name: 'Ada' });
    expect(readChoices().name).toBe('');
    vi.unstubAllGlobals();
  });
});
