// What happens is followed as agents follow it: by list_events, which waits.

import { type Client, ToolError, waitSeconds } from './mcp';
import type { Event, EventPage } from './shapes';

/** News are events, oldest first; or null, when anything may have happened. */
export type News = Event[] | null;

const mostPauseMs = 30_000;

/**
 * follow tells what happens until signal ends it. Nothing is asked for while
 * nobody looks at the page: each held call takes one of the few connections that
 * a browser has for a server.
 */
export async function follow(client: Client, filter: object, signal: AbortSignal, tell: (news: News) => void) {
  let after: string | undefined;
  let pauseMs = 0;
  while (!signal.aborted) {
    try {
      if (document.hidden) {
        await shown(signal);
        after = undefined;
      }
      const hidden = untilHidden(signal);
      try {
        after = await next(client, filter, after, hidden.signal, tell);
      } finally {
        hidden.clear();
      }
      pauseMs = 0;
    } catch (cause) {
      if (signal.aborted) return;
      if (cause instanceof ToolError) {
        if (['forbidden', 'unauthenticated', 'not_found', 'invalid'].includes(cause.code)) return;
        pauseMs = Math.min(mostPauseMs, 2 * pauseMs + 1000);
        await pause(pauseMs, signal);
        after = undefined;
      }
    }
  }
}

/** next waits for what comes after an event. Without one it begins with what is now. */
async function next(client: Client, filter: object, after: string | undefined, signal: AbortSignal, tell: (news: News) => void): Promise<string> {
  const begin = after === undefined;
  const args = begin ? { ...filter, after: nowId, limit: 1 } : { ...filter, after, limit: 100, wait_seconds: waitSeconds };
  const page = await client.call<EventPage>('list_events', args, { signal, held: !begin });
  if (begin) tell(null);
  else if (page.events.length > 0) tell(page.events);
  return page.after ?? '';
}

// The largest id there can be: nothing has come after it, and the answer says
// where to go on.
const nowId = '9223372036854775807';

function shown(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
  });
}

function untilHidden(signal: AbortSignal): { signal: AbortSignal; clear(): void } {
  const end = new AbortController();
  const look = () => (document.hidden || signal.aborted) && end.abort();
  document.addEventListener('visibilitychange', look);
  signal.addEventListener('abort', look);
  look();
  return {
    signal: end.signal,
    clear: () => {
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
