// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { storeCall, storedCall } from '../src/stored';
import { admission, answers, calls, enterCall, guest, json, keptCall, link, setup, token } from './surroundings';

describe('the parts of the page that the call needs', () => {
  it('are loaded while the server is asked', async () => {
    const order: string[] = [];
    const asked = () => {
      order.push('asked');
      return json(200, admission);
    };
    const loadCall = async () => {
      order.push('loaded');
      return { enterCall, CallScreen: () => null };
    };
    answers({ '/page/invitation': () => json(200, guest), '/v2/token': asked });
    const { flow, reaches } = setup('/join/wpi-srjb-wer', '', { loadCall });
    await flow.start();
    await flow.join('Ada');
    await reaches('call');
    expect(order.slice(0, 2)).toEqual(['loaded', 'asked']);
  });
  it('lead nobody back in who left after one of them could not be loaded', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    answers({ '/page/invitation': () => json(200, guest), '/v2/token': () => json(200, admission) });
    const { flow, reaches } = setup('/join/wpi-srjb-wer', '', { loadCall: () => Promise.reject(new Error('not loaded')) });
    await flow.start();
    await flow.join('Ada');
    await reaches('broken');
    expect(calls('/v2/token')).toHaveLength(1);
    expect(storedCall(link)).toMatchObject({ token, left: false }); // Join again uses up nothing
    flow.leave();
    await reaches('left');
    expect(storedCall(link)).toMatchObject({ left: true });
  });
  it('may fail when nobody waits for them any more', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    storeCall(keptCall());
    let fail = (_: Error) => {};
    const { flow, reaches } = setup('/join/wpi-srjb-wer', '', { loadCall: () => new Promise((_, reject) => (fail = reject)) });
    const started = flow.start();
    await reaches('loading');
    flow.leave();
    fail(new Error('not loaded'));
    await started;
    await reaches('left');
    expect(said).not.toHaveBeenCalled();
  });
});
