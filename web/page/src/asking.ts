// Asking to join, with the join request that this tab has made before.

import { type JoinAnswer, enter } from './api';
import type { JoinLink } from './code';
import { keepRequest, keptAccessToken, keptRequest } from './stored';
import { untilAnswered } from './waiting';

/** ask asks to join, with an earlier request under the same name: it may have been approved. */
export async function ask(link: JoinLink, name: string, signal: AbortSignal): Promise<JoinAnswer> {
  const request = keptRequest(link);
  if (request?.name === name) {
    const answer = await enter(link, { name, requestId: request.requestId, joinToken: request.joinToken }, keptAccessToken(), signal);
    if (signal.aborted || answer.kind !== 'refused' || (answer.status !== 403 && answer.status !== 404)) return answer;
    // The remembered request may be what is over, not the link.
    keepRequest(null);
  }
  return enter(link, { name }, keptAccessToken(), signal);
}

/** untilLetIn waits for the answer to a request; null when the signal ended it. */
export async function untilLetIn(link: JoinLink, name: string, requestId: string, signal: AbortSignal) {
  const answer = await untilAnswered(async () => {
    const answer = await enter(link, { name, requestId, hold: true }, keptAccessToken(), signal);
    if (answer.kind === 'waiting' && answer.requestId !== requestId && !signal.aborted) {
      // The old one ran out, as while a laptop sleeps; the server has made another.
      requestId = answer.requestId;
      keepRequest({ link, requestId, name, waiting: true });
    }
    return answer;
  }, signal);
  if (answer?.kind === 'admitted' && !signal.aborted) keepRequest({ link, requestId, name, waiting: false });
  return answer;
}
