// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Invitation } from '../src/api';
import type { Call, Ending, Entrance } from '../src/call/enter';
import { Flow, type Surroundings } from '../src/flow';
import { type Session, keepRequest, keepSession } from '../src/session';
import { lockManager } from './locks';

const key = 'A'.repeat(43);

/** server answers calls by path; what is not set answers 404. */
const server = vi.fn<(path: string, body: Record<string, unknown>) => Response | Promise<Response>>();
const json = (status: number, body: unknown = {}, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });

const guest: Invitation = { room_name: 'standup', role: 'guest', publish: ['camera'], chat: true, e2ee: false, waits: false, admits: false };
const host: Invitation = { ...guest, role: 'host', admits: true };
const token = `h.${btoa(JSON.stringify({ exp: 4_000_000_000 }))}.s`;
const admission = { token, livekit_url: 'ws://x', identity: 'guest_1' };

let entrance: Entrance | undefined;
const enterCall = vi.fn<(entrance: Entrance) => Promise<Call | Ending>>();
const call = { leave: vi.fn() } as unknown as Call;

function setup(path: string, fragment = '', more: Partial<Surroundings> = {}) {
  const at = { path, fragment };
  const flow = new Flow({
    path: () => at.path,
    fragment: () => at.fragment,
    replace: (address) => {
      const [newPath, newFragment] = address.split('#');
      at.path = newPath ?? '';
      at.fragment = newFragment ? `#${newFragment}` : '';
    },
    reloaded: () => true,
    webrtc: () => true,
    encryption: () => true,
    loadCall: async () => ({ enterCall }),
    ...more,
  });
  const reaches = (screen: string) => vi.waitFor(() => expect(flow.state.screen === 'message' ? flow.state.message : flow.state.screen).toBe(screen));
  return { flow, at, reaches };
}

function answers(paths: Record<string, (body: Record<string, unknown>) => Response | Promise<Response>>) {
  server.mockImplementation((path, body) => paths[path]?.(body) ?? json(404));
}

const calls = (path: string) => server.mock.calls.filter(([called]) => called === path).map(([, body]) => body);

function keptCall(): Session {
  return { door: { kind: 'code', code: 'wpi-srjb-wer' }, invitation: guest, token, livekitUrl: 'ws://x', identity: 'guest_1', name: 'Ada', microphone: true, camera: true };
}

beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
  entrance = undefined;
  server.mockReset();
  enterCall.mockReset().mockImplementation(async (given) => {
    entrance = given;
    return call;
  });
  vi.stubGlobal('navigator', { locks: lockManager() });
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => server(path, JSON.parse(init.body as string) as Record<string, unknown>));
});
afterEach(() => vi.unstubAllGlobals());

describe('a link', () => {
  it('leads over the name into the call', async () => {
    answers({ '/page/invitation': () => json(200, guest), '/v2/token': () => json(200, admission) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('prejoin');
    await flow.join('  Ada ');
    await reaches('call');
    expect(calls('/v2/token')).toEqual([{ code: 'wpi-srjb-wer', name: 'Ada' }]);
    expect(entrance?.session).toMatchObject({ token, identity: 'guest_1', name: 'Ada' });
  });
  it('is not joined without a name', async () => {
    answers({ '/page/invitation': () => json(200, guest) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await flow.join(' \u200b ');
    await reaches('prejoin');
    expect(calls('/v2/token')).toEqual([]);
  });
  it('that opens nothing says so', async () => {
    answers({});
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('link');
  });
  it('of no known form asks nobody', async () => {
    const { flow, reaches } = setup('/elsewhere');
    await flow.start();
    await reaches('link');
    expect(server).not.toHaveBeenCalled();
  });
  it('in a browser without WebRTC says so', async () => {
    const { flow, reaches } = setup('/join/wpi-srjb-wer', '', { webrtc: () => false });
    await flow.start();
    await reaches('unsupported');
  });
  it('tells how long to wait after too many tries', async () => {
    answers({ '/page/invitation': () => json(429, {}, { 'Retry-After': '30' }) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('busy');
    expect(flow.state).toMatchObject({ seconds: 30 });
  });
});

describe('a room that is not public', () => {
  const closed = { '/page/invitation': (body: Record<string, unknown>) => (body.code === 'wpi-srjb-wer' ? json(200, guest) : body.code ? json(404) : json(401)) };

  it('is opened with a code, and the address becomes the link of the code with its key', async () => {
    answers(closed);
    const { flow, at, reaches } = setup('/m/standup', `#key=${key}`);
    await flow.start();
    await reaches('code');
    await flow.useCode('hello');
    expect(flow.state).toMatchObject({ screen: 'code', problem: 'malformed' });
    await flow.useCode('abc defg hij');
    expect(flow.state).toMatchObject({ screen: 'code', problem: 'code', room: 'standup' });
    await flow.useCode('WPI SRJB WER');
    await reaches('prejoin');
    expect(at).toEqual({ path: '/join/wpi-srjb-wer', fragment: `#key=${key}` });
  });
});

describe('waiting', () => {
  const asked = { ...guest, waits: true };

  it('ends in the call, and the approval is remembered', async () => {
    let held = 0;
    answers({
      '/page/invitation': () => json(200, asked),
      '/v2/token': (body) => (body.request_id && ++held >= 2 ? json(200, admission) : json(202, { request_id: 'r1', retry_after_ms: 1 })),
    });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Ada');
    await reaches('waiting');
    await vi.waitFor(() => expect(flow.state.screen).toBe('call'), 4000);
    expect(calls('/v2/token').map((body) => body.request_id)).toEqual([undefined, 'r1', 'r1']);

    entrance?.ended({ why: 'left' });
    await reaches('left');
    flow.again();
    await reaches('prejoin');
    await flow.join('Ada');
    expect(calls('/v2/token').at(-1)).toMatchObject({ request_id: 'r1' });
  });
  it.each([
    [403, 'refused'],
    [404, 'over'],
    [410, 'ended'],
  ])('ends at %i with %s', async (status, message) => {
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': (body) => (body.request_id ? json(status) : json(202, { request_id: 'r1' })) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Ada');
    await reaches(message);
    expect(sessionStorage.getItem('roomkey.request')).toBeNull();
  });
  it('goes on after a reload, without the name being asked again', async () => {
    keepRequest({ door: { kind: 'code', code: 'wpi-srjb-wer' }, requestId: 'r1', name: 'Ada', waiting: true });
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': () => json(200, admission) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    expect(calls('/v2/token')).toEqual([{ code: 'wpi-srjb-wer', name: 'Ada', request_id: 'r1' }]);
  });
  it('can be cancelled, and a late approval does not pull the person in', async () => {
    let approve = (_: Response) => {};
    answers({
      '/page/invitation': () => json(200, asked),
      '/v2/token': (body) => (body.request_id ? new Promise<Response>((resolve) => (approve = resolve)) : json(202, { request_id: 'r1' })),
    });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Ada');
    await reaches('waiting');
    flow.cancel();
    approve(json(200, admission));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(flow.state.screen).toBe('prejoin');
    expect(enterCall).not.toHaveBeenCalled();
  });
  it('asks anew when the remembered request is over', async () => {
    keepRequest({ door: { kind: 'code', code: 'wpi-srjb-wer' }, requestId: 'old', name: 'Ada', waiting: false });
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': (body) => (body.request_id === 'old' ? json(404) : json(200, admission)) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await flow.join('Ada');
    await reaches('call');
  });
});

describe('a reload', () => {
  it('goes back in at once, asking nothing', async () => {
    keepSession(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    expect(server).not.toHaveBeenCalled();
    expect(entrance?.session.identity).toBe('guest_1');
  });
  it('of a copied tab joins anew: its session is in use', async () => {
    keepSession(keptCall());
    answers({ '/page/invitation': () => json(200, guest) });
    const first = setup('/join/wpi-srjb-wer', '', { reloaded: () => false });
    await first.flow.start();
    await first.reaches('call');
    const second = setup('/join/wpi-srjb-wer', '', { reloaded: () => false });
    await second.flow.start();
    await second.reaches('prejoin');
  });
  it('begins anew when the token is no longer taken', async () => {
    keepSession(keptCall());
    enterCall.mockResolvedValue({ why: 'stale' });
    answers({ '/page/invitation': () => json(200, guest) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('prejoin');
    expect(sessionStorage.getItem('roomkey.session')).toBeNull();
  });
  it('keeps the session when the network is gone, for Try again', async () => {
    keepSession(keptCall());
    enterCall.mockResolvedValueOnce({ why: 'unavailable' });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('unavailable');
    flow.again();
    await reaches('call');
  });
});

describe('the end of a call', () => {
  it.each(['left', 'removed', 'ended', 'duplicate'] as const)('by %s is told, and forgets the session', async (why) => {
    keepSession(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    entrance?.ended({ why });
    await reaches(why);
    expect(sessionStorage.getItem('roomkey.session')).toBeNull();
  });
  it('that comes from leaving the page is not told, and keeps the session', async () => {
    keepSession(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    entrance?.ended({ why: 'suspended' });
    expect(flow.state.screen).toBe('call');
    expect(sessionStorage.getItem('roomkey.session')).not.toBeNull();
  });
});

describe('an encrypted room', () => {
  it('needs the key of the link, which can be pasted', async () => {
    answers({ '/page/invitation': () => json(200, { ...guest, e2ee: true }) });
    const { flow, at, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('nokey');
    expect(flow.useKey('https://rooms.example/m/standup')).toBe(false);
    expect(flow.useKey(`https://rooms.example/m/standup#key=${key}`)).toBe(true);
    await reaches('prejoin');
    expect(at).toEqual({ path: '/join/wpi-srjb-wer', fragment: `#key=${key}` });
  });
  it('lets a host in without one, and puts the one that is made into the address only', async () => {
    answers({ '/page/invitation': () => json(200, { ...host, e2ee: true }), '/v2/token': () => json(200, admission) });
    const { flow, at, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    expect(flow.state).toMatchObject({ screen: 'prejoin', keyMissing: true });
    await flow.join('Ada');
    await reaches('call');
    expect(entrance?.key).toBeNull();
    entrance?.keepKey(key);
    expect(at).toEqual({ path: '/join/wpi-srjb-wer', fragment: `#key=${key}` });
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain(key);
    expect(JSON.stringify(server.mock.calls)).not.toContain(key);
  });
  it('is not for browsers that cannot encrypt', async () => {
    answers({ '/page/invitation': () => json(200, { ...guest, e2ee: true }) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer', `#key=${key}`, { encryption: () => false });
    await flow.start();
    await reaches('unsupported');
    expect(flow.state).toMatchObject({ encryption: true });
  });
});
