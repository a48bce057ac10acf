// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Invitation } from '../src/api';
import type { Call, Ending, Entrance } from '../src/call/enter';
import { Flow, type Surroundings } from '../src/flow';
import type { Preview } from '../src/media/preview';
import { type Session, keepAccessToken, keepRequest, keepSession, keptRequest, keptSession } from '../src/session';
import { lockManager } from './locks';

const key = 'A'.repeat(43);

/** server answers calls by path; what is not set answers 404. */
const server = vi.fn<(path: string, body: Record<string, unknown>) => Response | Promise<Response>>();
const json = (status: number, body: unknown = {}, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });

const guest: Invitation = { room_name: 'standup', role: 'guest', publish: ['camera'], chat: true, e2ee: false, waits: false, admits: false };
const host: Invitation = { ...guest, role: 'host', admits: true };
const token = `h.${btoa(JSON.stringify({ exp: 4_000_000_000 }))}.s`;
const admission = { token, livekit_url: 'ws://x', identity: 'guest_1' };

const door = { kind: 'code', code: 'wpi-srjb-wer' } as const;

let entrance: Entrance | undefined;
const enterCall = vi.fn<(entrance: Entrance) => Promise<Call | Ending>>();
const call = { leave: vi.fn() };

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
  return { door: { kind: 'code', code: 'wpi-srjb-wer' }, invitation: guest, token, livekitUrl: 'ws://x', identity: 'guest_1', name: 'Ada', microphone: true, camera: true, left: false };
}

beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
  entrance = undefined;
  server.mockReset();
  enterCall.mockReset().mockImplementation(async (given) => {
    entrance = given;
    return call as unknown as Call;
  });
  call.leave.mockReset();
  vi.stubGlobal('navigator', { locks: lockManager() });
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => server(path, JSON.parse(init.body as string) as Record<string, unknown>));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

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
  it('is joined once, however often Join is pressed', async () => {
    answers({ '/page/invitation': () => json(200, guest), '/v2/token': () => json(200, admission) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await Promise.all([flow.join('Ada'), flow.join('Ada')]);
    await reaches('call');
    expect(calls('/v2/token')).toHaveLength(1);
    expect(enterCall).toHaveBeenCalledTimes(1);
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
  it('that does not work turns the camera off', async () => {
    answers({ '/page/invitation': () => json(200, guest) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    const stop = vi.fn();
    flow.preview = { stop } as unknown as Preview;
    await flow.join('Ada');
    await reaches('link');
    expect(stop).toHaveBeenCalled();
    expect(flow.preview).toBeNull();
  });
  it('does not lead into a call that was given up while it was entered', async () => {
    answers({ '/page/invitation': () => json(200, guest), '/v2/token': () => json(200, admission) });
    let enter = (_: Call) => {};
    enterCall.mockImplementation(() => new Promise((resolve) => (enter = resolve)));
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Ada');
    await vi.waitFor(() => expect(enterCall).toHaveBeenCalled());
    sessionStorage.clear();
    flow.again();
    enter(call as unknown as Call);
    await reaches('prejoin');
    expect(call.leave).toHaveBeenCalled();
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
  it('asks anew when the access token has expired, and forgets it', async () => {
    keepAccessToken('expired');
    answers({ '/page/invitation': () => json(401) });
    const { flow, reaches } = setup('/m/standup');
    await flow.start();
    await reaches('code');
    expect(sessionStorage.getItem('roomkey.access')).toBeNull();
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
    expect(keptRequest(door)).toMatchObject({ requestId: 'r1', waiting: false });

    entrance?.ended({ why: 'left' });
    await reaches('left');
    keepSession(null); // as after ten minutes
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
  it('goes on with the new request when the old one has run out', async () => {
    const next: Record<string, () => Response> = {
      r1: () => json(202, { request_id: 'r2', retry_after_ms: 1 }),
      r2: () => json(200, admission),
    };
    answers({
      '/page/invitation': () => json(200, asked),
      '/v2/token': (body) => (next[body.request_id as string] ?? (() => json(202, { request_id: 'r1', retry_after_ms: 1 })))(),
    });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Ada');
    await reaches('waiting');
    await vi.waitFor(() => expect(flow.state.screen).toBe('call'), 4000);
    expect(calls('/v2/token').map((body) => body.request_id)).toEqual([undefined, 'r1', 'r2']);
    expect(sessionStorage.getItem('roomkey.request')).toContain('"r2"');
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
  it('goes on after it was cancelled, with the same request', async () => {
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': (body) => (body.request_id ? new Promise<Response>(() => {}) : json(202, { request_id: 'r1' })) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Ada');
    await reaches('waiting');
    flow.cancel();
    await flow.start(); // a reload does not go on waiting by itself
    await reaches('prejoin');
    server.mockClear();
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': () => json(202, { request_id: 'r1' }) });
    void flow.join('Ada');
    await reaches('waiting');
    expect(calls('/v2/token')[0]).toMatchObject({ name: 'Ada', request_id: 'r1' });
  });
  it('under another name begins anew: somebody was let in by their name', async () => {
    keepRequest({ door, requestId: 'r1', name: 'Ada', waiting: false });
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': (body) => (body.request_id ? new Promise<Response>(() => {}) : json(202, { request_id: 'r2' })) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Eve');
    await reaches('waiting');
    expect(calls('/v2/token')[0]).toEqual({ code: 'wpi-srjb-wer', name: 'Eve' });
    expect(keptRequest(door)).toMatchObject({ requestId: 'r2', name: 'Eve' });
  });
  it.each([403, 404])('asks anew when the remembered request is over with %i', async (status) => {
    keepRequest({ door: { kind: 'code', code: 'wpi-srjb-wer' }, requestId: 'old', name: 'Ada', waiting: false });
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': (body) => (body.request_id === 'old' ? json(status) : json(200, admission)) });
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
  it.each(['removed', 'ended'] as const)('by %s is told, and forgets the session', async (why) => {
    keepSession(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    entrance?.ended({ why });
    await reaches(why);
    expect(sessionStorage.getItem('roomkey.session')).toBeNull();
  });
  it.each(['duplicate', 'unavailable', 'full', 'nokey'] as const)('by %s is told, and Try again uses up nothing', async (why) => {
    answers({ '/page/invitation': () => json(200, guest), '/v2/token': () => json(200, admission) });
    enterCall.mockResolvedValueOnce({ why });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await flow.join('Ada');
    await reaches(why);
    answers({}); // the link was for one
    flow.again();
    await reaches('call');
    expect(entrance?.session).toMatchObject({ identity: 'guest_1', name: 'Ada' });
  });
  it('in a room that ended meanwhile, or to somebody refused, forgets the session', async () => {
    for (const [status, message] of [[410, 'ended'], [403, 'refused']] as const) {
      keepSession({ ...keptCall(), left: true });
      answers({ '/page/invitation': () => json(status) });
      const { flow, reaches } = setup('/join/wpi-srjb-wer');
      await flow.start();
      await reaches(message);
      expect(keptSession(door)).toBeNull();
    }
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
  it('that was to come from leaving the page leads back in when the page stays', async () => {
    keepSession(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    vi.useFakeTimers();
    entrance?.ended({ why: 'suspended' });
    await vi.advanceTimersByTimeAsync(3000);
    await reaches('call');
    expect(enterCall).toHaveBeenCalledTimes(2);
  });
  it('of an attempt that is over has no say', async () => {
    keepSession(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    const old = entrance;
    await flow.start();
    old?.ended({ why: 'removed' });
    await reaches('call');
    expect(keptSession(door)).not.toBeNull();
  });
});

describe('whoever left', () => {
  /** left gives the page after Leave and a reload, with a link that was for one. */
  async function left(invitation: () => Response = () => json(404)) {
    keepSession(keptCall());
    const before = setup('/join/wpi-srjb-wer');
    await before.flow.start();
    await before.reaches('call');
    entrance?.ended({ why: 'left' });
    await before.reaches('left');
    vi.stubGlobal('navigator', { locks: lockManager() }); // the page before is gone, and its locks
    enterCall.mockClear();
    answers({ '/page/invitation': invitation });
    const after = setup('/join/wpi-srjb-wer');
    await after.flow.start();
    await after.reaches('prejoin');
    expect(enterCall).not.toHaveBeenCalled();
    expect(after.flow.state).toMatchObject({ name: 'Ada' });
    return after;
  }

  it('comes back at once by Join again', async () => {
    const { flow, reaches } = await left();
    flow.again();
    await reaches('call');
    expect(calls('/v2/token')).toEqual([]);
    expect(keptSession(door)?.left).toBe(false);
  });
  it('is asked as at first by Join again when the token is not taken any more', async () => {
    const { flow, reaches } = await left();
    enterCall.mockResolvedValueOnce({ why: 'stale' });
    flow.again();
    await reaches('link');
  });
  it('comes back by Join with what they have', async () => {
    const { flow, reaches } = await left();
    await flow.join('Ada');
    await reaches('call');
    expect(calls('/v2/token')).toEqual([]);
    expect(entrance?.session.identity).toBe('guest_1');
    expect(keptSession(door)?.left).toBe(false);
  });
  it('comes back with the devices that they chose this time', async () => {
    const { flow } = await left();
    localStorage.setItem('roomkey.choices', JSON.stringify({ microphone: false, camera: true }));
    await flow.join('Ada');
    expect(entrance?.session).toMatchObject({ microphone: false, camera: true });
  });
  it('gets a token for another name where the link still works', async () => {
    const { flow, reaches } = await left(() => json(200, guest));
    answers({ '/v2/token': () => json(200, { ...admission, identity: 'guest_2' }) });
    await flow.join('Eve');
    await reaches('call');
    expect(entrance?.session).toMatchObject({ identity: 'guest_2', name: 'Eve' });
  });
  it('comes back under the old name where it does not', async () => {
    const { flow, reaches } = await left();
    await flow.join('Eve');
    await reaches('call');
    expect(entrance?.session).toMatchObject({ identity: 'guest_1', name: 'Ada' });
  });
  it('joins as at first when the token is not taken any more', async () => {
    const { flow, reaches } = await left(() => json(200, guest));
    answers({ '/v2/token': () => json(200, { ...admission, identity: 'guest_2' }) });
    enterCall.mockResolvedValueOnce({ why: 'stale' });
    await flow.join('Ada');
    await reaches('call');
    expect(entrance?.session.identity).toBe('guest_2');
  });
  it('is told that the link does not work when nothing is left to come back with', async () => {
    const { flow, reaches } = await left();
    enterCall.mockResolvedValueOnce({ why: 'stale' });
    await flow.join('Ada');
    await reaches('link');
    expect(keptSession(door)).toBeNull();
  });
});

describe('a call that broke off', () => {
  async function lost() {
    keepSession(keptCall());
    const page = setup('/join/wpi-srjb-wer');
    await page.flow.start();
    await page.reaches('call');
    vi.useFakeTimers();
    enterCall.mockClear();
    return page;
  }
  const breaks = () => entrance?.ended({ why: 'lost' });

  it('is come back into, with the same token, as soon as the server is there', async () => {
    const { flow } = await lost();
    enterCall.mockResolvedValueOnce({ why: 'unavailable' }).mockResolvedValueOnce({ why: 'unavailable' });
    breaks();
    expect(flow.state).toMatchObject({ screen: 'loading', why: 'lost' });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(flow.state.screen).toBe('call');
    expect(enterCall).toHaveBeenCalledTimes(3);
    expect(entrance?.session.identity).toBe('guest_1');
    expect(server).not.toHaveBeenCalled();
  });
  it('is given up after two minutes, and Try again still knows it', async () => {
    const { flow } = await lost();
    enterCall.mockResolvedValue({ why: 'unavailable' });
    breaks();
    await vi.advanceTimersByTimeAsync(110_000);
    expect(flow.state.screen).toBe('loading');
    await vi.advanceTimersByTimeAsync(40_000);
    expect(flow.state).toMatchObject({ screen: 'message', message: 'unavailable' });
    expect(keptSession(door)?.left).toBe(false);
  });
  it('is joined anew, asking nothing, when the token is not taken any more', async () => {
    const { flow } = await lost();
    keepRequest({ door, requestId: 'r1', name: 'Ada', waiting: false });
    const replies = [json(503), json(200, { ...admission, identity: 'guest_2' })];
    answers({ '/v2/token': () => replies.shift() ?? json(500) });
    enterCall.mockResolvedValueOnce({ why: 'stale' }).mockResolvedValueOnce({ why: 'stale' });
    breaks();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(flow.state.screen).toBe('call');
    expect(calls('/v2/token').at(-1)).toEqual({ code: 'wpi-srjb-wer', name: 'Ada', request_id: 'r1' });
    expect(entrance?.session).toMatchObject({ identity: 'guest_2', name: 'Ada' });
    expect(keptSession(door)?.identity).toBe('guest_2');
  });
  it('uses up one token at most', async () => {
    const { flow } = await lost();
    answers({ '/v2/token': () => json(200, admission) });
    enterCall.mockResolvedValue({ why: 'stale' });
    breaks();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(flow.state).toMatchObject({ screen: 'message', message: 'unavailable' });
    expect(calls('/v2/token')).toHaveLength(1);
  });
  it('says so when the link leads in no more', async () => {
    const { flow } = await lost();
    answers({});
    enterCall.mockResolvedValue({ why: 'stale' });
    breaks();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(flow.state).toMatchObject({ screen: 'message', message: 'link' });
    expect(keptSession(door)).toBeNull();
  });
  it('waits to be let in where that is asked anew', async () => {
    const { flow } = await lost();
    answers({ '/v2/token': (body) => (body.request_id ? new Promise<Response>(() => {}) : json(202, { request_id: 'r2' })) });
    enterCall.mockResolvedValue({ why: 'stale' });
    breaks();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(flow.state.screen).toBe('waiting');
  });
  it('can be left meanwhile', async () => {
    const { flow } = await lost();
    breaks();
    flow.leave();
    await vi.advanceTimersByTimeAsync(150_000);
    expect(flow.state).toMatchObject({ screen: 'message', message: 'left' });
    expect(enterCall).not.toHaveBeenCalled();
    expect(keptSession(door)?.left).toBe(true);
  });
  it('is come back into once, also when the page begins anew meanwhile', async () => {
    const { flow } = await lost();
    breaks();
    flow.again();
    await vi.advanceTimersByTimeAsync(150_000);
    expect(flow.state.screen).toBe('call');
    expect(enterCall).toHaveBeenCalledTimes(1);
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
  it('takes the key that is pasted with the token that is there', async () => {
    answers({ '/page/invitation': () => json(200, { ...host, e2ee: true }), '/v2/token': () => json(200, admission) });
    enterCall.mockResolvedValueOnce({ why: 'nokey' }); // others are inside, with a key
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await flow.join('Ada');
    await reaches('nokey');
    answers({}); // the link was for one
    expect(flow.useKey(`#key=${key}`)).toBe(true);
    await reaches('call');
    expect(entrance).toMatchObject({ key, session: { identity: 'guest_1' } });
  });
  it('is not given a key by a guest who came back without one', async () => {
    keepSession({ ...keptCall(), invitation: { ...guest, e2ee: true } });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('nokey');
    expect(enterCall).not.toHaveBeenCalled();
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
