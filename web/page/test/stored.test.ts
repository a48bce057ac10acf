// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JoinLink } from '../src/code';
import { type StoredCall, claim, expiryOf, keepFragment, keepRequest, keptRequest, storeCall, storedCall, takeFragment } from '../src/stored';
import { lockManager } from './locks';

const link: JoinLink = { kind: 'code', code: 'wpi-srjb-wer' };
const other: JoinLink = { kind: 'code', code: 'abc-defg-hij' };

function tokenUntil(seconds: number): string {
  return `h.${btoa(JSON.stringify({ exp: seconds })).replaceAll('=', '')}.s`;
}

function stored(token: string): StoredCall {
  return {
    link,
    token,
    invitation: { room_name: 'standup', role: 'guest', publish: [], chat: true, e2ee: false, waits: false, admits: false, hosts: false, livekit_inside: true },
    livekitUrl: 'ws://x',
    identity: 'guest_1',
    name: 'Ada',
    microphone: true,
    camera: false,
    left: false,
    plain: false,
  };
}

beforeEach(() => sessionStorage.clear());
afterEach(() => vi.unstubAllGlobals());

describe('takeFragment', () => {
  it('gives the end of the link back, once and to its own path', () => {
    keepFragment('/join/a', '#key=x');
    expect(takeFragment('/join/b')).toBe('');
    keepFragment('/join/a', '#key=x');
    expect(takeFragment('/join/a')).toBe('#key=x');
    expect(takeFragment('/join/a')).toBe('');
  });
  it('keeps nothing of a link without one', () => {
    keepFragment('/join/a', '');
    expect(sessionStorage).toHaveLength(0);
    sessionStorage.setItem('roomkey.fragment', '{"path": "/join/a", "fragment": 7}');
    expect(takeFragment('/join/a')).toBe('');
  });
});

describe('storedCall', () => {
  it('brings back the call of the same link', () => {
    const kept = stored(tokenUntil(2000));
    storeCall(kept);
    expect(storedCall(link, 1_000_000)).toEqual(kept);
    expect(storedCall(other, 1_000_000)).toBeNull();
  });
  it('does not bring back one whose token has ended, or is about to', () => {
    storeCall(stored(tokenUntil(1000)));
    expect(storedCall(link, 1_000_000)).toBeNull();
    expect(storedCall(link, 996_000)).toBeNull();
    expect(storedCall(link, 990_000)).not.toBeNull();
  });
  it('is gone when it is forgotten', () => {
    storeCall(stored(tokenUntil(2000)));
    storeCall(null);
    expect(storedCall(link, 0)).toBeNull();
    expect(sessionStorage.length).toBe(0);
  });
  it('survives nonsense', () => {
    for (const nonsense of ['', '{', '5', 'null', '{"token":"x"}', '[]']) {
      sessionStorage.setItem('roomkey.call', nonsense);
      expect(storedCall(link, 0)).toBeNull();
    }
  });
});

describe('expiryOf', () => {
  it.each(['', 'a.b.c', 'a..c', `a.${btoa('{}')}.c`, `a.${btoa('{"exp":"1"}')}.c`])('is unknown of %j', (token) => {
    expect(expiryOf(token)).toBeNull();
  });
});

describe('keptRequest', () => {
  it('belongs to its link', () => {
    keepRequest({ link, requestId: 'r', name: 'Ada', waiting: true });
    expect(keptRequest(link)?.requestId).toBe('r');
    expect(keptRequest(other)).toBeNull();
    keepRequest(null);
    expect(keptRequest(link)).toBeNull();
  });
});

describe('claim', () => {
  it('refuses a second tab with a copy of the stored call', async () => {
    vi.stubGlobal('navigator', { locks: lockManager() });
    const first = await claim('guest_1', false);
    expect(first).not.toBeNull();
    expect(await claim('guest_1', false)).toBeNull();
    expect(await claim('guest_2', false)).not.toBeNull();
  });
  it('is free again after it was released', async () => {
    vi.stubGlobal('navigator', { locks: lockManager() });
    (await claim('guest_1', false))?.release();
    await Promise.resolve();
    expect(await claim('guest_1', false)).not.toBeNull();
  });
  it('waits after a reload for the page before to let go', async () => {
    vi.stubGlobal('navigator', { locks: lockManager() });
    const before = await claim('guest_1', false);
    setTimeout(() => before?.release(), 50);
    expect(await claim('guest_1', true)).not.toBeNull();
  });
  it('asks other tabs where there are no locks', async () => {
    vi.stubGlobal('navigator', {});
    const first = await claim('guest_1', false);
    expect(first).not.toBeNull();
    expect(await claim('guest_1', false)).toBeNull();
    first?.release();
    expect(await claim('guest_1', false)).not.toBeNull();
  });
});
