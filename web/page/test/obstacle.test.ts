import { ConnectionError, DisconnectReason } from 'livekit-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { obstacleOf } from '../src/call/obstacle';
import type { StoredCall } from '../src/stored';

const validate = 'https://media.example.com/rtc/validate?access_token=eyJ.x';
const stored = (inside: boolean) => ({ livekitUrl: 'wss://media.example.com/', token: 'eyJ.x', invitation: { livekit_inside: inside } }) as StoredCall;

/** look gives what is seen where the addresses answer with these statuses; others do not answer. */
async function look(error: unknown, statuses: Record<string, number>, inside = true) {
  const fetched = vi.fn(async (address: string) => {
    const status = statuses[address];
    if (!status) throw new TypeError('Failed to fetch');
    return { status };
  });
  vi.stubGlobal('fetch', fetched);
  const ending = await obstacleOf({ why: 'unavailable' }, error, stored(inside));
  return { ending, asked: fetched.mock.calls.length };
}

describe('obstacleOf', () => {
  afterEach(() => vi.unstubAllGlobals());

  const failed = ConnectionError.websocket('Encountered websocket error during connection establishment');
  it('knows a WebSocket that does not open where it would be let in', async () => {
    expect((await look(failed, { [validate]: 200 })).ending).toEqual({ why: 'websocket' });
    expect((await look(ConnectionError.timeout('room connection has timed out (signal)'), { [validate]: 200 })).ending).toEqual({ why: 'websocket' });
  });
  it('does not say so of one that was open', async () => {
    expect((await look(ConnectionError.internal('Websocket got closed during a (re)connection attempt'), { [validate]: 200 })).ending).toEqual({ why: 'unavailable' });
    const silent = ConnectionError.timeout('signal connection timed out while waiting for the first message');
    expect(await look(silent, { [validate]: 200 })).toEqual({ ending: { why: 'unavailable' }, asked: 0 });
  });
  it('leaves a server that answers with an error as it is', async () => {
    expect((await look(failed, { [validate]: 502 })).ending).toEqual({ why: 'unavailable' });
    expect((await look(ConnectionError.leaveRequest('bye', DisconnectReason.SERVER_SHUTDOWN), {})).asked).toBe(0);
  });
  it('tells a server that is not reached from a media server elsewhere', async () => {
    const gone = ConnectionError.serverUnreachable('could not establish signal connection');
    expect((await look(gone, {})).ending).toEqual({ why: 'unreached' });
    expect((await look(gone, { '/healthz': 200 }, false)).ending).toEqual({ why: 'mediaserver', said: 'https://media.example.com' });
    expect((await look(gone, { '/healthz': 200 })).ending).toEqual({ why: 'unavailable' });
  });
});
