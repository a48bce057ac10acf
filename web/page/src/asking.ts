// Asking to join, with the join request that this tab has made before.

import { type Entry, enter } from './api';
import type { Door } from './code';
import { keepRequest, keptAccessToken, keptRequest } from './session';
import { untilAnswered } from './waiting';

/** ask asks to join, with an earlier request under the same name: it may have been approved. */
export async function ask(door: Door, name: string, signal: AbortSignal): Promise<Entry> {
  const request = keptRequest(door);
  if (request?.name === name) {
    const entry = await enter(door, { name, requestId: request.requestId, joinToken: request.joinToken }, keptAccessToken(), signal);
    if (signal.aborted || entry.kind !== 'refused' || (entry.status !== 403 && entry.status !== 404)) return entry;
    // The remembered request may be what is over, not the link.
    keepRequest(null);
  }
  return enter(door, { name }, keptAccessToken(), signal);
}

/** untilLetIn waits for the answer to a request; null when the signal ended it. */
export async function untilLetIn(door: Door, name: string, requestId: string, signal: AbortSignal) {
  const entry = await untilAnswered(async () => {
    const answer = await enter(door, { name, requestId, hold: true }, keptAccessToken(), signal);
    if (answer.kind === 'waiting' && answer.requestId !== requestId && !signal.aborted) {
      // The old one ran out, as while a laptop sleeps; the server has made another.
      requestId = answer.requestId;
      keepRequest({ door, requestId, name, waiting: true });
    }
    return answer;
  }, signal);
  if (entry?.kind === 'admitted' && !signal.aborted) keepRequest({ door, requestId, name, waiting: false });
  return entry;
}
