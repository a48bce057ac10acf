// What keeps a browser from signalling. The browser tells a page no reason, so this
// looks what answers.

import { ConnectionError, ConnectionErrorReason } from 'livekit-client';
import { deadlineOf } from '../deadline';
import type { StoredCall } from '../stored';
import type { Ending } from './ending';

// Long enough for a bad network, and nobody waits for a page that says nothing.
const patienceMs = 5000;

// Where LiveKit's client cannot tell what has happened either. An internal error is a
// WebSocket that was open and has ended; a first message that does not come is the
// fault of a server that has taken the WebSocket.
const unclear = [ConnectionErrorReason.WebSocket, ConnectionErrorReason.Timeout, ConnectionErrorReason.ServerUnreachable, ConnectionErrorReason.InternalError];

/** obstacleOf looks closer where an ending says only that the call cannot be reached. */
export async function obstacleOf(ending: Ending, error: unknown, { livekitUrl, token, invitation }: StoredCall): Promise<Ending> {
  if (ending.why !== 'unavailable' || !(error instanceof ConnectionError)) return ending;
  if (!unclear.includes(error.reason) || /first message/.test(error.message)) return ending;
  const server = livekitUrl.replace(/^ws/, 'http').replace(/\/$/, '');
  // What LiveKit answers where it would let the WebSocket in.
  const status = await statusOf(`${server}/rtc/validate?access_token=${encodeURIComponent(token)}`);
  if (status > 0) return status === 200 && error.reason !== ConnectionErrorReason.InternalError ? { why: 'websocket' } : ending;
  if ((await statusOf('/healthz')) === 0) return { why: 'unreached' };
  return invitation.livekit_inside ? ending : { why: 'mediaserver', said: server };
}

/** statusOf gives the status of a server's answer; 0 where there is none. */
async function statusOf(address: string): Promise<number> {
  const deadline = deadlineOf(patienceMs, undefined);
  try {
    const answer = await fetch(address, { cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer', signal: deadline.signal });
    return answer.status;
  } catch {
    return 0;
  } finally {
    deadline.clear();
  }
}
