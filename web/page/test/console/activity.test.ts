import { describe, expect, it } from 'vitest';
import { activityOf, countInside, readEvents, steps } from '../../src/console/activity/activity';
import { countersIn } from '../../src/console/activity/health';
import type { Client } from '../../src/console/mcp';
import type { Event } from '../../src/console/shapes';

const now = Date.parse('2026-11-28T12:00:00Z');
const hours = (n: number) => new Date(now - n * 3600_000).toISOString();
const event = (action: string, hoursAgo: number) => ({ action, time: hours(hoursAgo) }) as Event;
const signal = new AbortController().signal;

describe('the last day', () => {
  it('is counted back from now', () => {
    const events = [event('participant.left', 0.5), event('request.refused', 1.5), event('participant.joined', 2.5), event('participant.joined', 2.6), event('room.created', 3)];
    const { inside, joins, refusals, from } = activityOf(events, true, 1, now);
    expect([inside.length, joins.length, refusals.length]).toEqual([steps, steps, steps]);
    expect(from).toBe(now - 24 * 3600_000);
    expect(inside.slice(-5)).toEqual([0, 0, 2, 2, 1]);
    expect(joins.slice(-4)).toEqual([0, 2, 0, 0]);
    expect(refusals.slice(-3)).toEqual([0, 1, 0]);
  });
  it('begins with the oldest event where there are too many', () => {
    const { from, inside } = activityOf([event('participant.joined', 1), event('participant.left', 2)], false, 1, now);
    expect(from).toBe(now - 2 * 3600_000);
    expect(inside[0]).toBe(0);
  });
  it('never counts less than nobody', () => expect(Math.min(...activityOf([event('participant.joined', 1)], true, 0, now).inside)).toBe(0));
  it('may be empty', () => expect(activityOf([], true, 3, now).inside).toEqual(new Array(steps).fill(3)));
});

describe('what is read', () => {
  /** endless gives a client whose lists never end, and the calls it got. */
  function endless(answer: object) {
    const calls: object[] = [];
    const call = (_: string, args: object) => (calls.push(args), Promise.resolve({ ...answer, next_cursor: 'next' }));
    return { client: { call } as unknown as Client, calls };
  }
  it('is bounded, and says so', async () => {
    const events = endless({ events: [event('room.created', 1)] });
    expect(await readEvents(events.client, now, signal)).toMatchObject({ whole: false, events: { length: 10 } });
    expect(events.calls).toHaveLength(10);
    const rooms = endless({ rooms: [{ num_participants: 2 }, {}] });
    expect(await countInside(rooms.client, {}, signal)).toEqual({ people: 20, atLeast: true });
    expect(rooms.calls).toHaveLength(10);
  });
});

describe('the counters', () => {
  it('are those of roomkey, without calls that went well', () => {
    const metrics = [
      '# HELP roomkey_limited_total What was refused',
      'roomkey_limited_total{limit="waits_per_user"} 3',
      'roomkey_tool_calls_total{outcome="ok",tool="list_rooms"} 70',
      'roomkey_tool_calls_total{outcome="not_found",tool="get_room"} 2',
      'roomkey_webhook_waiting_seconds{endpoint="we_1"} 1.5',
      'go_goroutines 12',
      'roomkey_instance_info{instance="a",version="1"} 1',
    ].join('\n');
    expect(countersIn(metrics)).toEqual([
      { what: 'limits', labels: 'waits_per_user', value: 3 },
      { what: 'tools', labels: 'get_room, not_found', value: 2 },
      { what: 'waiting', labels: 'we_1', value: 1.5 },
    ]);
  });
});
