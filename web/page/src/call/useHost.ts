import { type Participant, ParticipantEvent } from 'livekit-client';
import { useEffect, useState } from 'react';
import { type HostView, hostView } from '../api';
import { text } from '../text';
import { shortName } from '../names';
import { realClock } from '../waiting';
import type { Call } from './enter';
import { playSound } from './sounds';
import { callText } from './words';

const retryMs = 3000;
const longestRetryMs = 60_000;
// A view that comes back unchanged sooner than this was not held.
const heldAtLeastMs = 1000;

/** Host is what somebody who is a host sees and does. */
export interface Host {
  /** view is null for everybody else, and until the server has answered. */
  view: HostView | null;
  /** answered takes a join request off the list at once. */
  answered(requestId: string): void;
}

/** useHost follows what a host sees of the room beside the call. Somebody who gets another role may be one then, or no longer. */
export function useHost(call: Call, mayBeHost: boolean): Host {
  const [view, setView] = useState<HostView | null>(null);
  useEffect(() => {
    if (!mayBeHost) return;
    const over = new AbortController();
    follow(call, setView, over.signal).catch(console.error); // refusals and networks do not come here
    return () => {
      over.abort();
      setView(null);
    };
  }, [call, mayBeHost]);
  const answered = (requestId: string) =>
    setView((before) => before && { ...before, requests: before.requests.filter((request) => request.request_id !== requestId) });
  return { view, answered };
}

async function follow(call: Call, show: (view: HostView | null) => void, over: AbortSignal) {
  const known = new Set<string>();
  let version: string | undefined;
  let failures = 0;
  const standing = new Standing(call.room.localParticipant, over);
  while (!over.aborted) {
    const started = performance.now();
    const { changes } = standing;
    const reply = await hostView(call.token(), version, over);
    if (over.aborted) return;
    if (reply.kind === 'refused' && reply.status === 403) {
      show(null); // no host any more
      version = undefined;
      await standing.changesAfter(changes);
      continue;
    }
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
    show(reply.value);
    for (const request of requests) {
      if (!known.has(request.request_id)) {
        call.notices.say(callText.requests.announce(shortName(request.name) || text.nobody));
        playSound('knock');
      }
      known.add(request.request_id);
    }
    if (unchanged && performance.now() - started < heldAtLeastMs) await realClock.sleep(retryMs, over);
  }
}

/** Standing counts how often somebody's role has changed, or whether they are an admin. */
class Standing {
  changes = 0;
  private wake = () => {};

  constructor(
    person: Participant,
    private readonly over: AbortSignal,
  ) {
    const changed = (attributes: Record<string, string>) => {
      if (!('role' in attributes) && !('admin' in attributes)) return;
      this.changes++;
      this.wake();
    };
    person.on(ParticipantEvent.AttributesChanged, changed);
    over.addEventListener('abort', () => {
      person.off(ParticipantEvent.AttributesChanged, changed);
      this.wake();
    });
  }

  /** changesAfter waits for one more change than there were. One that came meanwhile counts. */
  async changesAfter(changes: number) {
    if (this.changes === changes && !this.over.aborted) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}
