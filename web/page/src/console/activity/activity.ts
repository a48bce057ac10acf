// What the audit trail says of the last day, in so many steps of time.

import type { Client } from '../mcp';
import type { Event, EventPage, RoomPage } from '../shapes';

/** steps is how many bars a chart has. */
export const steps = 24;

const dayMs = 24 * 3600 * 1000;
// What is read at most: a chart must not cost the server more than a few pages.
const mostPages = 10;
const pageSize = 100;

/** Activity is what happened in each step, the oldest first. */
export interface Activity {
  from: number;
  to: number;
  /** whole says that it is the whole day; else only the time since from was read. */
  whole: boolean;
  inside: number[];
  joins: number[];
  refusals: number[];
}

/** Inside is how many are inside now; atLeast where not all rooms were counted. */
export interface Inside {
  people: number;
  atLeast: boolean;
}

/** readEvents gives the events of the last day, the newest first, as far as they are few. */
export async function readEvents(client: Client, now: number, signal: AbortSignal): Promise<{ events: Event[]; whole: boolean }> {
  const events: Event[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const args = { since: new Date(now - dayMs).toISOString(), limit: pageSize, ...(cursor && { cursor }) };
    const answer = await client.call<EventPage>('list_events', args, { signal });
    events.push(...answer.events);
    cursor = answer.next_cursor;
    if (!cursor) return { events, whole: true };
  }
  return { events, whole: false };
}

/** countInside gives how many are inside all active rooms. */
export async function countInside(client: Client, scope: object, signal: AbortSignal): Promise<Inside> {
  let people = 0;
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const answer = await client.call<RoomPage>('list_rooms', { ...scope, active: true, limit: pageSize, ...(cursor && { cursor }) }, { signal });
    for (const room of answer.rooms) people += room.num_participants ?? 0;
    cursor = answer.next_cursor;
    if (!cursor) return { people, atLeast: false };
  }
  return { people, atLeast: true };
}

const refused = ['request.refused', 'participant.removed', 'participant.kicked'];

/**
 * activityOf sums up events, the newest first. How many were inside is counted
 * back from how many are inside now: each who came was not there before, and each
 * who left was.
 */
export function activityOf(events: Event[], whole: boolean, inside: number, now: number): Activity {
  const oldest = events.at(-1);
  const from = whole || !oldest ? now - dayMs : Date.parse(oldest.time);
  const width = (now - from) / steps || 1;
  const none = () => new Array<number>(steps).fill(0);
  const activity: Activity = { from, to: now, whole, inside: none(), joins: none(), refusals: none() };
  const at = (event: Event) => Math.min(steps - 1, Math.max(0, Math.floor((Date.parse(event.time) - from) / width)));
  const change = none();
  for (const event of events) {
    const step = at(event);
    if (event.action === 'participant.joined') {
      add(activity.joins, step, 1);
      add(change, step, 1);
    } else if (event.action === 'participant.left') add(change, step, -1);
    else if (refused.includes(event.action)) add(activity.refusals, step, 1);
  }
  let people = inside;
  for (let step = steps - 1; step >= 0; step--) {
    activity.inside[step] = Math.max(0, people);
    people -= change[step] ?? 0;
  }
  return activity;
}

function add(counts: number[], step: number, n: number) {
  counts[step] = (counts[step] ?? 0) + n;
}
