// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import type { Call } from '../src/call/enter';
import type { Preview } from '../src/media/preview';
import { keepAccessToken, keepRequest, keptRequest, storeCall } from '../src/stored';
import { admission, answers, call, calls, link, enterCall, entrance, guest, host, json, keptCall, key, server, setup, token } from './surroundings';

describe('a link', () => {
  it('leads over the name into the call', async () => {
    answers({ '/page/invitation': () => json(200, guest), '/v2/token': () => json(200, admission) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('prejoin');
    await flow.join('  Ada ');
    await reaches('call');
    expect(calls('/v2/token')).toEqual([{ code: 'wpi-srjb-wer', name: 'Ada' }]);
    expect(entrance?.stored).toMatchObject({ token, identity: 'guest_1', name: 'Ada' });
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
  it('turns devices off that begin too late for the call, and leaves it those that it was given', async () => {
    answers({ '/page/invitation': () => json(200, guest), '/v2/token': () => json(200, admission) });
    const [given, late] = [{ stop: vi.fn() }, { stop: vi.fn() }] as unknown as [Preview, Preview];
    for (const [before, during] of [[given, given], [null, late]] as const) {
      let enter = (_: Call) => {};
      enterCall.mockClear();
      enterCall.mockImplementation(() => new Promise((resolve) => (enter = resolve)));
      const { flow, reaches } = setup('/join/wpi-srjb-wer');
      await flow.start();
      flow.preview = before;
      void flow.join('Ada');
      await vi.waitFor(() => expect(enterCall).toHaveBeenCalled());
      flow.preview = during;
      enter(call as unknown as Call);
      await reaches('call');
      expect(flow.preview).toBeNull();
      sessionStorage.clear();
    }
    expect(given.stop).not.toHaveBeenCalled();
    expect(late.stop).toHaveBeenCalled();
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

describe('a room that has not started', () => {
  const startsAt = '2030-01-07T10:00:00Z';
  const early = { ...guest, title: 'Ünsere Woche', starts_at: startsAt };
  const wait = json.bind(null, 202);

  it('is entered at its start, asking nobody', async () => {
    const replies = [wait({ status: 'waiting', starts_at: startsAt, retry_after_ms: 1 }), wait({ status: 'waiting', starts_at: startsAt, retry_after_ms: 1 })];
    answers({ '/page/invitation': () => json(200, early), '/v2/token': () => replies.shift() ?? json(200, admission) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await flow.join('Ada').catch(() => {});
    await flow.join('Ada');
    await reaches('call');
    expect(calls('/v2/token')).toEqual(Array.from({ length: 3 }, () => ({ code: 'wpi-srjb-wer', name: 'Ada' })));
    expect(sessionStorage.getItem('roomkey.request')).toBeNull();
  });
  it('is waited for with the time of its start, also after a reload, and can be given up', async () => {
    answers({ '/page/invitation': () => json(200, early), '/v2/token': () => wait({ status: 'waiting', starts_at: startsAt, retry_after_ms: 60_000 }) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Ada');
    await reaches('waiting');
    expect(flow.state).toMatchObject({ startsAt });
    await flow.start(); // a reload
    await reaches('waiting');
    expect(flow.state).toMatchObject({ startsAt });
    flow.cancel();
    await flow.start();
    await reaches('prejoin');
  });
  it('asks a host at its start where one has to let people in', async () => {
    const replies = [wait({ status: 'waiting', starts_at: startsAt, retry_after_ms: 1 }), wait({ status: 'waiting', request_id: 'r1', retry_after_ms: 60_000 })];
    answers({ '/page/invitation': () => json(200, early), '/v2/token': () => replies.shift() ?? new Promise<Response>(() => {}) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Ada');
    await reaches('waiting');
    await vi.waitFor(() => expect(keptRequest(link)).toMatchObject({ requestId: 'r1', waiting: true }), 4000);
    expect(flow.state).not.toHaveProperty('startsAt');
  });
  it('has an entry for calendars under the link of a code', async () => {
    answers({ '/page/invitation': () => json(200, early) });
    const { flow } = setup('/join/wpi-srjb-wer');
    await flow.start();
    expect(flow.calendar()).toBe('/join/wpi-srjb-wer/event.ics');
    const byName = setup('/m/standup');
    await byName.flow.start();
    expect(byName.flow.calendar()).toBeNull();
  });
});

describe('a room that requires a code', () => {
  it('asks for one, and says why, with an access token as well', async () => {
    keepAccessToken('good');
    answers({ '/page/invitation': (body) => (body.code ? json(200, guest) : json(403, {}, { 'Roomkey-Reason': 'code_required' })) });
    const { flow, reaches } = setup('/m/standup');
    await flow.start();
    await reaches('code');
    expect(flow.state).toMatchObject({ problem: 'required', room: 'standup' });
    await flow.useAccessToken('good');
    expect(flow.state).toMatchObject({ screen: 'code', problem: 'required' });
    await flow.useCode('wpi-srjb-wer');
    await reaches('prejoin');
  });
});

describe('the page without a link', () => {
  it.each(['/', '/join'])('asks for a code at %s, and asks nobody before one is typed', async (path) => {
    answers({ '/page/invitation': (body) => (body.code === 'wpi-srjb-wer' ? json(200, guest) : json(404)) });
    const { flow, at, reaches } = setup(path);
    await flow.start();
    await reaches('code');
    expect(server).not.toHaveBeenCalled();
    await flow.useCode('aaa aaaa aaa');
    expect(flow.state).toMatchObject({ screen: 'code', problem: 'code', room: '' });
    await flow.useCode('wpisrjbwer');
    await reaches('prejoin');
    expect(at.path).toBe('/join/wpi-srjb-wer');
  });
  it('takes a pasted link with its key', async () => {
    answers({ '/page/invitation': () => json(200, { ...guest, e2ee: true }) });
    const { flow, at, reaches } = setup('/');
    await flow.start();
    await flow.useCode(`https://rooms.example/join/wpi-srjb-wer#key=${key}`);
    await reaches('prejoin');
    expect(at).toEqual({ path: '/join/wpi-srjb-wer', fragment: `#key=${key}` });
  });
  it('takes the link of a room', async () => {
    answers({ '/page/invitation': (body) => json(body.room === 'standup' ? 200 : 404, guest) });
    const { flow, at, reaches } = setup('/');
    await flow.start();
    await flow.useCode('https://rooms.example/m/standup');
    await reaches('prejoin');
    expect(at.path).toBe('/m/standup');
  });
  it('says why a good code does not lead in', async () => {
    answers({ '/page/invitation': () => json(429, {}, { 'Retry-After': '30' }) });
    const { flow, reaches } = setup('/');
    await flow.start();
    await flow.useCode('wpi-srjb-wer');
    await reaches('busy');
  });
});

describe('a room that is not public', () => {
  it('is opened with a code, and the address becomes the link of the code with its key', async () => {
    answers({ '/page/invitation': (body) => (body.code === 'wpi-srjb-wer' ? json(200, { ...guest, e2ee: true }) : json(body.code ? 404 : 401)) });
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
    expect(keptRequest(link)).toMatchObject({ requestId: 'r1', waiting: false });

    entrance?.ended({ why: 'left' });
    await reaches('left');
    storeCall(null); // as after ten minutes
    flow.again();
    await reaches('prejoin');
    await flow.join('Ada');
    expect(calls('/v2/token').at(-1)).toMatchObject({ request_id: 'r1', join_token: admission.token });
  });
  it.each([
    [403, 'refused', { 'Roomkey-Reason': 'refused' }],
    [403, 'blocked', { 'Roomkey-Reason': 'blocked' }],
    [404, 'over', {}],
    [410, 'ended', {}],
  ])('ends at %i with %s', async (status, message, headers) => {
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': (body) => (body.request_id ? json(status, {}, headers) : json(202, { request_id: 'r1' })) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Ada');
    await reaches(message);
    expect(sessionStorage.getItem('roomkey.request')).toBeNull();
  });
  it('goes on after a reload, without the name being asked again', async () => {
    keepRequest({ link: { kind: 'code', code: 'wpi-srjb-wer' }, requestId: 'r1', name: 'Ada', waiting: true });
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
    keepRequest({ link, requestId: 'r1', name: 'Ada', waiting: false });
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': (body) => (body.request_id ? new Promise<Response>(() => {}) : json(202, { request_id: 'r2' })) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    void flow.join('Eve');
    await reaches('waiting');
    expect(calls('/v2/token')[0]).toEqual({ code: 'wpi-srjb-wer', name: 'Eve' });
    expect(keptRequest(link)).toMatchObject({ requestId: 'r2', name: 'Eve' });
  });
  it.each([403, 404])('asks anew when the remembered request is over with %i', async (status) => {
    keepRequest({ link: { kind: 'code', code: 'wpi-srjb-wer' }, requestId: 'old', name: 'Ada', waiting: false });
    answers({ '/page/invitation': () => json(200, asked), '/v2/token': (body) => (body.request_id === 'old' ? json(status) : json(200, admission)) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await flow.join('Ada');
    await reaches('call');
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
    answers({ '/page/invitation': () => json(200, { ...host, e2ee: true }), '/v2/token': () => json(200, { ...admission, e2ee: true }) });
    enterCall.mockResolvedValueOnce({ why: 'nokey' }); // others are inside, with a key
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await flow.join('Ada');
    await reaches('nokey');
    answers({}); // the link was for one
    expect(flow.useKey(`#key=${key}`)).toBe(true);
    await reaches('call');
    expect(entrance).toMatchObject({ key, stored: { identity: 'guest_1' } });
  });
  it('is not given a key by a guest who came back without one', async () => {
    storeCall({ ...keptCall(), invitation: { ...guest, e2ee: true } });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('nokey');
    expect(enterCall).not.toHaveBeenCalled();
  });
  it('lets a host in without one, and puts the one that is made into the address only', async () => {
    answers({ '/page/invitation': () => json(200, { ...host, e2ee: true }), '/v2/token': () => json(200, { ...admission, e2ee: true }) });
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
