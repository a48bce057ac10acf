import { describe, expect, it, vi } from 'vitest';
import type { Participant } from 'livekit-client';
import type { HostView } from '../src/api';
import type { Call } from '../src/call/enter';
import { act, isLocked, offersFor, offersForRoom } from '../src/call/hosting';
import { Notices } from '../src/call/notices';

const all: HostView = {
  inside: true,
  rights: ['admit', 'mute', 'video', 'lock', 'remove', 'block', 'end', 'role', 'rename'],
  room_locked: false,
  locked_for_all: [],
  locked: [],
  admins: ['ada'],
  roles: [],
  requests: [],
  version: '1',
};
const person = (identity: string, more: object = {}) =>
  ({ identity, name: identity, attributes: {}, isMicrophoneEnabled: true, isCameraEnabled: false, isScreenShareEnabled: false, ...more }) as unknown as Participant;
const labels = (who: Participant, me: string, view = all) => offersFor(who, me, view).map(({ label }) => label);

describe('what a host is offered', () => {
  it('is everything, for a guest, and what is off is idle', () => {
    expect(labels(person('Bob'), 'hal')).toEqual(['Mute Bob', "Turn off Bob's camera", 'Lock Bob', 'Make Bob a host', 'Rename Bob', 'Remove Bob', 'Block Bob']);
    expect(offersFor(person('Bob'), 'hal', all).filter(({ idle }) => idle)).toHaveLength(1);
    expect(labels(person('Bob', { isScreenShareEnabled: true }), 'hal')).toContain("Stop Bob's screen share");
    expect(labels(person('Bob', { attributes: { hand: '2026-11-28T15:00:00Z' } }), 'hal')).toContain("Lower Bob's hand");
  });
  it('spares an admin of the room, unless the host is one', () => {
    expect(labels(person('ada'), 'hal')).toEqual(['Mute ada', "Turn off ada's camera"]);
    expect(labels(person('ada'), 'ada2', { ...all, admins: ['ada', 'ada2'] })).toEqual(['Mute ada', "Turn off ada's camera", 'Lock ada', 'Rename ada', 'Remove ada']);
  });
  it('is to take back what makes somebody a host', () => {
    expect(labels(person('Bob', { attributes: { role: 'host' } }), 'hal')).toContain('Take host rights from Bob');
  });
  it('is no more than the rights', () => {
    expect(labels(person('Bob'), 'hal', { ...all, rights: ['admit', 'mute'] })).toEqual(['Mute Bob']);
    expect(offersForRoom({ ...all, rights: ['admit'] })).toEqual([]);
    expect(offersForRoom(all).map(({ label }) => label)).toEqual(['Mute everyone', 'Lock the room', 'End for everyone']);
  });
  it('is to unlock what is locked', () => {
    expect(labels(person('Bob'), 'hal', { ...all, locked: ['Bob'] })).toContain('Unlock Bob');
    expect(offersForRoom({ ...all, room_locked: true }).map(({ action }) => action)).toContain('unlock_room');
  });
  it('asks where something cannot be taken back', () => {
    const asks = [...offersFor(person('Bob'), 'hal', all), ...offersForRoom(all)].filter(({ asks }) => asks);
    expect(asks.map(({ action }) => action)).toEqual(['rename', 'remove', 'block', 'end']);
  });
});

describe('a lock on everyone', () => {
  const muted = { ...all, locked_for_all: ['microphone' as const] };
  it('holds for those who may not speak', () => {
    const permissions = (sources: number[]) => ({ permissions: { canPublish: true, canPublishSources: sources, canPublishData: true } });
    expect(isLocked(person('Bob', permissions([1])), muted)).toBe(true);
    expect(isLocked(person('Bob', permissions([1, 2])), muted)).toBe(false);
    expect(isLocked(person('ada', permissions([1])), muted)).toBe(false);
  });
});

describe('what is told afterwards', () => {
  it.each([
    [200, 'Bob is muted. They can turn the microphone on again.'],
    [403, 'You may not do this here.'],
    [404, 'Bob has left.'],
    [503, 'It could not be done. Try again.'],
  ])('after status %d', async (status, words) => {
    const fetch = vi.fn((..._: [string, RequestInit]) => Promise.resolve(new Response('{}', { status })));
    vi.stubGlobal('fetch', fetch);
    const notices = new Notices();
    await act({ token: () => 't', notices } as unknown as Call, { action: 'mute', label: '', idle: false }, person('Bob'));
    expect(notices.list.map(({ text }) => text)).toEqual([words]);
    expect(fetch.mock.calls[0]?.[1].body).toBe('{"action":"mute","identity":"Bob"}');
    vi.unstubAllGlobals();
  });
});
