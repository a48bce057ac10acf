// How long the page tries to come back when the network is gone.

import type { ReconnectContext, ReconnectPolicy } from 'livekit-client';

const giveUpAfterMs = 120_000; // a tunnel, a lift, a router that restarts
const firstDelayMs = 300;
const longestDelayMs = 4000; // so that nobody waits long once the network is back

/**
 * patientPolicy keeps trying for two minutes. LiveKit's own policy ends with
 * its ten tries, which a fast refusal uses up in half a minute.
 */
export function patientPolicy(random: () => number = Math.random): ReconnectPolicy {
  return {
    nextRetryDelayInMs({ retryCount, elapsedMs }: ReconnectContext) {
      if (elapsedMs > giveUpAfterMs) return null;
      const base = Math.min(firstDelayMs * 2 ** retryCount, longestDelayMs);
      // Spread out, so that a whole room does not come back in one instant.
      return Math.round(base * (0.75 + random() / 2));
    },
  };
}
