// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { storeCall, storedCall } from '../src/stored';
import { lockManager } from './locks';
import { admission, answers, call, calls, link, enterCall, entrance, guest, json, keptCall, key, reload, setup } from './surroundings';

describe('a link with a key into a room that is not encrypted', () => {
  const plain = { '/page/invitation': () => json(200, guest), '/v2/token': () => json(200, admission) };
  it('says so before anything is asked or sent, once', async () => {
    answers(plain);
    const { flow, reaches } = setup('/join/wpi-srjb-wer', `#key=${key}`);
    await flow.start();
    await reaches('plain');
    expect(enterCall).not.toHaveBeenCalled();
    flow.again();
    await reaches('prejoin');
    await flow.join('Ada');
    await reaches('call');
    expect(entrance?.key).toBeNull();
    vi.stubGlobal('navigator', { locks: lockManager() }); // the page before the reload lets go
    const reloaded = setup('/join/wpi-srjb-wer', `#key=${key}`);
    await reloaded.flow.start();
    await reloaded.reaches('call');
  });
  it('says so also when encryption was switched off while the name was typed', async () => {
    answers({ ...plain, '/page/invitation': () => json(200, { ...guest, e2ee: true }) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer', `#key=${key}`);
    await flow.start();
    await flow.join('Ada');
    await reaches('plain');
    expect(enterCall).not.toHaveBeenCalled();
    flow.again(); // with what there is: the link may have been for one
    await reaches('call');
    expect(calls('/v2/token')).toHaveLength(1);
  });
  it('says so when a key is put into the address of a tab that was inside', async () => {
    storeCall({ ...keptCall() });
    const { flow, reaches } = setup('/join/wpi-srjb-wer', `#key=${key}`);
    await flow.start();
    await reaches('plain');
    expect(enterCall).not.toHaveBeenCalled();
  });
  it('goes into one that was encrypted meanwhile with its key only', async () => {
    answers({ ...plain, '/v2/token': () => json(200, { ...admission, e2ee: true }) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await flow.join('Ada');
    await reaches('nokey');
    expect(enterCall).not.toHaveBeenCalled();
  });
});

describe('where signalling is', () => {
  it('is here when LiveKit is inside, and where the server says otherwise', async () => {
    for (const [invitation, url] of [[guest, 'ws://here'], [{ ...guest, livekit_inside: false }, 'ws://x']] as const) {
      sessionStorage.clear();
      answers({ '/page/invitation': () => json(200, invitation), '/v2/token': () => json(200, admission) });
      const { flow, reaches } = setup('/join/wpi-srjb-wer');
      await flow.start();
      await flow.join('Ada');
      await reaches('call');
      expect(entrance?.stored.livekitUrl).toBe(url);
    }
  });
});

describe('a page that fails', () => {
  it('ends the call, says so, and does not walk back in by a reload', async () => {
    storeCall(keptCall());
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    await reaches('call');
    Object.assign(call, { stored: keptCall() });
    flow.broke();
    await reaches('broken');
    expect(call.leave).toHaveBeenCalled();
    expect(storedCall(link)).toMatchObject({ left: true });
    flow.leave();
    await reaches('left');
  });
  it('is loaded anew for who wants to join again', async () => {
    storeCall({ ...keptCall(), left: true });
    answers({ '/page/invitation': () => json(200, guest) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer');
    await flow.start();
    flow.broke();
    await reaches('broken');
    flow.again();
    expect(reload).toHaveBeenCalled();
    expect(storedCall(link)).toMatchObject({ left: false });
  });
});
