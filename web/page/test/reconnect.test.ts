import { describe, expect, it } from 'vitest';
import { patientPolicy } from '../src/call/reconnect';

describe('patientPolicy', () => {
  const delay = (retryCount: number, elapsedMs: number, random = 0.5) => patientPolicy(() => random).nextRetryDelayInMs({ retryCount, elapsedMs });

  it('tries for at least a minute, however often it failed', () => {
    expect(delay(500, 60_000)).not.toBeNull();
    expect(delay(0, 119_000)).not.toBeNull();
  });
  it('gives up in the end', () => {
    expect(delay(3, 121_000)).toBeNull();
  });
  it('begins at once, and never waits long', () => {
    expect(delay(0, 0)).toBeLessThanOrEqual(500);
    for (let n = 0; n < 100; n++) expect(delay(n, 0, 1)).toBeLessThanOrEqual(5000);
  });
  it('leaves a pause between tries, and spreads them', () => {
    expect(delay(0, 0, 0)).toBeGreaterThan(100);
    expect(delay(9, 0, 0)).not.toBe(delay(9, 0, 1));
  });
});
