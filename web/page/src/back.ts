// Coming back into a call that broke off. A server that restarts is back within
// seconds, and everybody who was inside comes back at once.

import { type Clock, realClock } from './waiting';

const giveUpAfterMs = 120_000;
const firstDelayMs = 1000;
const longestDelayMs = 8000;

/**
 * untilBack tries again and again until a try says that there is nothing more
 * to try. It gives false when it took too long or the signal ended it.
 */
export async function untilBack(tryOnce: () => Promise<boolean>, signal: AbortSignal, clock: Clock = realClock, random: () => number = Math.random): Promise<boolean> {
  const started = clock.now();
  for (let tries = 0; clock.now() - started < giveUpAfterMs; tries++) {
    const delay = Math.min(firstDelayMs * 2 ** tries, longestDelayMs);
    // Spread out, so that a whole room does not come back in one instant.
    await clock.sleep(Math.round(delay * (0.75 + random() / 2)), signal);
    if (signal.aborted) return false;
    if (await tryOnce()) return true;
  }
  return false;
}
