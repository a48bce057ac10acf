import { useEffect, useState } from 'react';
import { type JoinRequest, joinRequests } from '../api';
import { text } from '../text';
import { shortName } from '../names';
import { realClock } from '../waiting';
import type { Call } from './enter';

const retryMs = 3000;
const longestRetryMs = 60_000;
// A list that comes back unchanged sooner than this was not held.
const heldAtLeastMs = 1000;

/** useRequests follows who waits to be let in. remove takes one off the list at once. */
export function useRequests(call: Call): { requests: JoinRequest[]; remove(requestId: string): void } {
  const [requests, setRequests] = useState<JoinRequest[]>([]);
  useEffect(() => {
    const over = new AbortController();
    follow(call, setRequests, over.signal).catch(console.error); // refusals and networks do not come here
    return () => over.abort();
  }, [call]);
  return { requests, remove: (requestId) => setRequests((before) => before.filter((request) => request.request_id !== requestId)) };
}

async function follow(call: Call, show: (requests: JoinRequest[]) => void, over: AbortSignal) {
  const known = new Set<string>();
  let version: string | undefined;
  let failures = 0;
  while (!over.aborted) {
    const started = performance.now();
    const reply = await joinRequests(call.token(), version, over);
    if (over.aborted) return;
    if (reply.kind === 'refused' || !reply.value.inside) {
      // Not inside just now: LiveKit is coming back, or has ended the call.
      version = undefined;
      const backoff = Math.min(retryMs * 2 ** failures++, longestRetryMs);
      await realClock.sleep(Math.max(backoff, reply.kind === 'refused' ? reply.retryAfterMs : 0), over);
      continue;
    }
    failures = 0;
    const { requests } = reply.value;
    const unchanged = version === reply.value.version;
    version = reply.value.version;
    show(requests);
    for (const request of requests) {
      if (!known.has(request.request_id)) call.notices.say(text.requests.announce(shortName(request.name) || text.nobody));
      known.add(request.request_id);
    }
    if (unchanged && performance.now() - started < heldAtLeastMs) await realClock.sleep(retryMs, over);
  }
}
