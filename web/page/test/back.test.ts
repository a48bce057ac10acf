import { describe, expect, it } from 'vitest';
import { untilBack } from '../src/back';
import type { Clock } from '../src/waiting';

function setup() {
  const slept: number[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    sleep: async (ms) => {
      slept.push(ms);
      now += ms;
    },
  };
  return { slept, clock };
}

describe('untilBack', () => {
  it('waits longer and longer, but never long', async () => {
    const { slept, clock } = setup();
    let tries = 0;
    expect(await untilBack(async () => ++tries === 6, new AbortController().signal, clock, () => 0.5)).toBe(true);
    expect(slept).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
  });
  it('gives up after two minutes', async () => {
    const { slept, clock } = setup();
    expect(await untilBack(async () => false, new AbortController().signal, clock, () => 0.5)).toBe(false);
    const waited = slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(120_000);
    expect(waited).toBeLessThan(130_000);
  });
  it('does not try any more once the signal ended it', async () => {
    const { clock } = setup();
    const over = new AbortController();
    let tries = 0;
    const sleep = async () => over.abort();
    expect(await untilBack(async () => ++tries > 0, over.signal, { ...clock, sleep })).toBe(false);
    expect(tries).toBe(0);
  });
});
