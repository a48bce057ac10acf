import { describe, expect, it, vi } from 'vitest';
import type { JoinAnswer } from '../src/api';
import { type Clock, realClock, untilAnswered } from '../src/waiting';

const waiting = (retryAfterMs = 2000): JoinAnswer => ({ kind: 'waiting', requestId: 'r', retryAfterMs });
const admitted: JoinAnswer = { kind: 'admitted', admission: { token: 't', livekit_url: 'u', identity: 'i', e2ee: false } };
const refused = (status: number, retryAfterMs = 0): JoinAnswer => ({ kind: 'refused', status, retryAfterMs });

/** script answers one entry after the other, each after some time, on a clock of its own. */
function script(...steps: [JoinAnswer, number][]) {
  let time = 0;
  const slept: number[] = [];
  const clock: Clock = {
    now: () => time,
    sleep: async (ms) => {
      slept.push(ms);
      time += ms;
    },
  };
  const ask = vi.fn(async () => {
    const [entry, took] = steps.shift() ?? [refused(500), 0];
    time += took;
    return entry;
  });
  return { ask, clock, slept };
}

const signal = () => new AbortController().signal;

describe('untilAnswered', () => {
  it('asks again at once while the server holds the calls', async () => {
    const s = script([waiting(), 25_000], [waiting(), 25_000], [admitted, 300]);
    expect(await untilAnswered(s.ask, signal(), s.clock)).toEqual(admitted);
    expect(s.slept).toEqual([]);
  });
  it('never loops busily: a call that was not held is followed by a pause', async () => {
    const s = script([waiting(4000), 5], [waiting(0), 5], [admitted, 5]);
    await untilAnswered(s.ask, signal(), s.clock);
    expect(s.slept).toEqual([4000, 1000]);
  });
  it.each([403, 404, 409, 410])('ends at %i', async (status) => {
    const s = script([waiting(), 25_000], [refused(status), 10]);
    expect(await untilAnswered(s.ask, signal(), s.clock)).toEqual(refused(status));
  });
  it.each([0, 429, 503])('waits %i out', async (status) => {
    const s = script([refused(status), 5], [refused(status, 9000), 5], [admitted, 5]);
    expect(await untilAnswered(s.ask, signal(), s.clock)).toEqual(admitted);
    expect(s.slept).toEqual([2000, 9000]);
  });
  it('gives up when there was no sign of life for as long as a request lives', async () => {
    const s = script();
    expect(await untilAnswered(s.ask, signal(), s.clock)).toEqual(refused(500));
    const total = s.slept.reduce((sum, ms) => sum + ms, 0);
    expect(total).toBeGreaterThan(9 * 60_000);
    expect(total).toBeLessThan(12 * 60_000);
    expect(Math.max(...s.slept)).toBe(15_000);
  });
  it('ends without an answer when it is stopped', async () => {
    const over = new AbortController();
    const ask = vi.fn(async () => {
      over.abort();
      return admitted;
    });
    expect(await untilAnswered(ask, over.signal)).toBeNull();
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe('realClock', () => {
  it('stops sleeping when it is stopped', async () => {
    const over = new AbortController();
    const slept = realClock.sleep(60_000, over.signal);
    over.abort();
    await slept;
  });
});
