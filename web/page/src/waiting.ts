// Waiting to be let in: one call after the other, each held by the server
// until somebody has answered.

import type { JoinAnswer } from './api';

// A held call that comes back sooner than this was not held. Calling again at
// once would then be a busy loop.
const heldAtLeastMs = 1000;
// Somebody in a train loses the network now and then. A request without a call
// lives for ten minutes.
const longestSilenceMs = 10 * 60_000;
const firstRetryMs = 2000;
const longestRetryMs = 15_000;

export interface Clock {
  now(): number;
  /** sleep ends early when the signal does. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const realClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    }),
};

/**
 * untilAnswered asks again and again until the answer is something else than
 * "waiting". It gives null when the signal ended it. Trouble on the way (no
 * network, too many calls, a server that restarts) is waited out.
 */
export async function untilAnswered(ask: () => Promise<JoinAnswer>, signal: AbortSignal, clock: Clock = realClock): Promise<Exclude<JoinAnswer, { kind: 'waiting' }> | null> {
  let failures = 0;
  let lastSign = clock.now();
  while (!signal.aborted) {
    const started = clock.now();
    const answer = await ask();
    if (signal.aborted) return null;
    const took = clock.now() - started;
    if (answer.kind === 'waiting') {
      failures = 0;
      lastSign = clock.now();
      if (took < heldAtLeastMs) await clock.sleep(Math.max(answer.retryAfterMs, heldAtLeastMs), signal);
      continue;
    }
    if (answer.kind === 'admitted' || !passing(answer.status) || clock.now() - lastSign > longestSilenceMs) return answer;
    const backoff = Math.min(firstRetryMs * 2 ** failures++, longestRetryMs);
    await clock.sleep(Math.max(backoff, answer.retryAfterMs), signal);
  }
  return null;
}

/** passing says whether a status is trouble that may be over soon. */
export function passing(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}
