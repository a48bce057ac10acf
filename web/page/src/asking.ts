// Asking to join, with the join request that this tab has made before.

import { type JoinAnswer, type Waiting, enter } from './api';
import type { JoinLink } from './code';
import { keepRequest, keptAccessToken, keptRequest } from './stored';
import { untilAnswered } from './waiting';

/** ask asks to join, with an earlier request under the same name: it may have been approved. */
export async function ask(link: JoinLink, name: string, signal: AbortSignal): Promise<JoinAnswer> {
  const request = keptRequest(link);
  if (request?.requestId && request.name === name) {
    const answer = await enter(link, { name, requestId: request.requestId, joinToken: request.joinToken }, keptAccessToken(), signal);
    if (signal.aborted || answer.kind !== 'refused' || (answer.status !== 403 && answer.status !== 404)) return answer;
    // The remembered request may be what is over, not the link.
    keepRequest(null);
  }
  return enter(link, { name }, keptAccessToken(), signal);
}

/** For is what somebody waits for: a host's answer, or the start. */
export type For = Pick<Waiting, 'requestId' | 'startsAt'>;

/**
 * untilLetIn waits for the start and for the answer to a request; null when the
 * signal ended it. waitsFor is told when it is something else than before that the
 * person waits for.
 */
export async function untilLetIn(link: JoinLink, name: string, first: For, signal: AbortSignal, waitsFor: (what: For) => void) {
  let what = first;
  const answer = await untilAnswered(async () => {
    const answer = await enter(link, { name, requestId: what.requestId, hold: true }, keptAccessToken(), signal);
    // The start has come or was moved; or the old request ran out, as while a laptop sleeps, and the server has made another.
    if (answer.kind === 'waiting' && (answer.requestId !== what.requestId || answer.startsAt !== what.startsAt) && !signal.aborted) {
      what = answer;
      waitsFor(what);
    }
    return answer;
  }, signal);
  const { requestId } = what;
  if (answer?.kind === 'admitted' && !signal.aborted) keepRequest(requestId ? { link, requestId, name, waiting: false } : null);
  return answer;
}
