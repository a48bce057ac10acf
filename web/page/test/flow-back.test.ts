// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { keepRequest, storeCall, storedCall } from '../src/stored';
import { lockManager } from './locks';
import { admission, answers, calls, link, enterCall, entrance, guest, json, keptCall, server, setup } from './surroundings';

describe('a reload', () => {
  it('goes back in at once, asking nothing', async () => {
    storeCall(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    expect(server).not.toHaveBeenCalled();
    expect(entrance?.stored.identity).toBe('guest_1');
  });
  it('of a copied tab joins anew: its stored call is in use', async () => {
    storeCall(keptCall());
    answers({ '/page/invitation': () => json(200, guest) });
    const first = setup('/join/wpi-srjb-wer', '', { reloaded: () => false });
    await first.flow.start();
    await first.reaches('call');
    const second = setup('/join/wpi-srjb-wer', '', { reloaded: () => false });
    await second.flow.start();
    await second.reaches('prejoin');
  });
  it('begins anew when the token is no longer taken', async () => {
    storeCall(keptCall());
    enterCall.mockResolvedValue({ why: 'stale' });
    answers({ '/page/invitation': () => json(200, guest) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('prejoin');
    expect(sessionStorage.getItem('roomkey.call')).toBeNull();
  });
  it('keeps the stored call when the network is gone, for Try again', async () => {
    storeCall(keptCall());
    enterCall.mockResolvedValueOnce({ why: 'unavailable' });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('unavailable');
    flow.again();
    await reaches('call');
  });
});

describe('somebody who was removed while their connection was cut', () => {
  it('is told so when the page comes back by itself, and asks for nothing', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    storeCall(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    enterCall.mockResolvedValue({ why: 'removed' });
    entrance?.ended({ why: 'lost' });
    await vi.advanceTimersByTimeAsync(3000);
    await reaches('removed');
    expect(server).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(120_000);
    await reaches('removed');
    expect(server).not.toHaveBeenCalled();
    answers({ '/page/invitation': () => json(200, guest) });
    flow.again(); // the button
    await reaches('prejoin');
  });
  it('is told so after a reload', async () => {
    storeCall(keptCall());
    enterCall.mockResolvedValue({ why: 'removed' });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('removed');
    expect(server).not.toHaveBeenCalled();
    expect(storedCall(link)).toBeNull();
  });
  it('is asked for their name where LiveKit is elsewhere and cannot tell', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    storeCall({ ...keptCall(), invitation: { ...guest, livekit_inside: false } });
    answers({ '/page/invitation': () => json(200, guest), '/v2/token': () => json(200, admission) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    enterCall.mockResolvedValue({ why: 'stale' });
    entrance?.ended({ why: 'lost' });
    await vi.advanceTimersByTimeAsync(3000);
    await reaches('prejoin');
    expect(calls('/v2/token')).toEqual([]);
  });
});

describe('the end of a call', () => {
  it.each(['removed', 'ended'] as const)('by %s is told, and forgets the stored call', async (why) => {
    storeCall(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    entrance?.ended({ why });
    await reaches(why);
    expect(sessionStorage.getItem('roomkey.call')).toBeNull();
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
    expect(entrance?.stored).toMatchObject({ identity: 'guest_1', name: 'Ada' });
  });
  it('in a room that ended meanwhile, or to somebody refused, forgets the stored call', async () => {
    for (const [status, message, reason] of [[410, 'ended', ''], [403, 'refused', 'refused'], [403, 'blocked', 'blocked'], [403, 'forbidden', '']] as const) {
      storeCall({ ...keptCall(), left: true });
      answers({ '/page/invitation': () => json(status, {}, reason ? { 'Roomkey-Reason': reason } : {}) });
      const { flow, reaches } = setup('/join/wpi-srjb-wer');
      await flow.start();
      await reaches(message);
      expect(storedCall(link)).toBeNull();
    }
  });
  it('is still known as the end after a reload, when the link says nothing any more', async () => {
    storeCall(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    entrance?.ended({ why: 'ended' });
    await reaches('ended');
    answers({});
    const again = setup('/join/wpi-srjb-wer');
    await again.flow.start();
    await again.reaches('ended');
    const other = setup('/join/aaa-aaaa-aaa');
    await other.flow.start();
    await other.reaches('link');
  });
  it('that comes from leaving the page is not told, and keeps the stored call', async () => {
    storeCall(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    entrance?.ended({ why: 'suspended' });
    expect(flow.state.screen).toBe('call');
    expect(sessionStorage.getItem('roomkey.call')).not.toBeNull();
  });
  it('that was to come from leaving the page leads back in when the page stays', async () => {
    storeCall(keptCall());
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
    storeCall(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    const old = entrance;
    await flow.start();
    old?.ended({ why: 'removed' });
    await reaches('call');
    expect(storedCall(link)).not.toBeNull();
  });
});

describe('a person who left', () => {
  /** left gives the page after Leave and a reload, with a link that was for one. */
  async function left(invitation: () => Response = () => json(404)) {
    storeCall(keptCall());
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
    expect(storedCall(link)?.left).toBe(false);
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
    expect(entrance?.stored.identity).toBe('guest_1');
    expect(storedCall(link)?.left).toBe(false);
  });
  it('comes back with the devices that they chose this time', async () => {
    const { flow } = await left();
    localStorage.setItem('roomkey.choices', JSON.stringify({ microphone: false, camera: true }));
    await flow.join('Ada');
    expect(entrance?.stored).toMatchObject({ microphone: false, camera: true });
  });
  it('gets a token for another name where the link still works', async () => {
    const { flow, reaches } = await left(() => json(200, guest));
    answers({ '/v2/token': () => json(200, { ...admission, identity: 'guest_2' }) });
    await flow.join('Eve');
    await reaches('call');
    expect(entrance?.stored).toMatchObject({ identity: 'guest_2', name: 'Eve' });
  });
  it('comes back under the old name where it does not', async () => {
    const { flow, reaches } = await left();
    await flow.join('Eve');
    await reaches('call');
    expect(entrance?.stored).toMatchObject({ identity: 'guest_1', name: 'Ada' });
  });
  it('joins as at first when the token is not taken any more', async () => {
    const { flow, reaches } = await left(() => json(200, guest));
    answers({ '/v2/token': () => json(200, { ...admission, identity: 'guest_2' }) });
    enterCall.mockResolvedValueOnce({ why: 'stale' });
    await flow.join('Ada');
    await reaches('call');
    expect(entrance?.stored.identity).toBe('guest_2');
  });
  it('is told that the link does not work when nothing is left to come back with', async () => {
    const { flow, reaches } = await left();
    enterCall.mockResolvedValueOnce({ why: 'stale' });
    await flow.join('Ada');
    await reaches('link');
    expect(storedCall(link)).toBeNull();
  });
});

describe('a call that broke off', () => {
  async function lost() {
    storeCall(keptCall());
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
    expect(entrance?.stored.identity).toBe('guest_1');
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
    expect(storedCall(link)?.left).toBe(false);
  });
  it('is joined anew, asking nothing, when the token is not taken any more', async () => {
    const { flow } = await lost();
    keepRequest({ link, requestId: 'r1', name: 'Ada', waiting: false });
    const replies = [json(503), json(200, { ...admission, identity: 'guest_2' })];
    answers({ '/v2/token': () => replies.shift() ?? json(500) });
    enterCall.mockResolvedValueOnce({ why: 'stale' }).mockResolvedValueOnce({ why: 'stale' });
    breaks();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(flow.state.screen).toBe('call');
    expect(calls('/v2/token').at(-1)).toEqual({ code: 'wpi-srjb-wer', name: 'Ada', request_id: 'r1' });
    expect(entrance?.stored).toMatchObject({ identity: 'guest_2', name: 'Ada' });
    expect(storedCall(link)?.identity).toBe('guest_2');
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
    expect(storedCall(link)).toBeNull();
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
    expect(storedCall(link)?.left).toBe(true);
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
