import { describe, expect, it } from 'vitest';
import type { JoinLink } from '../src/code';
import { type Step, outcomeOf } from '../src/outcome';

const code: JoinLink = { kind: 'code', code: 'wpi-srjb-wer' };
const room: JoinLink = { kind: 'room', room: 'standup' };

describe('outcomeOf', () => {
  it.each<[number, Step, JoinLink, string]>([
    [404, 'lookup', code, 'link'],
    [404, 'entering', code, 'link'],
    [404, 'waiting', code, 'over'],
    [401, 'lookup', room, 'code'],
    [401, 'lookup', code, 'link'],
    [403, 'waiting', code, 'refused'],
    [403, 'entering', room, 'refused'],
    [409, 'entering', code, 'full'],
    [410, 'lookup', room, 'ended'],
    [503, 'entering', code, 'unavailable'],
    [500, 'lookup', code, 'unavailable'],
    [0, 'lookup', code, 'unavailable'],
  ])('shows for %i while %s', (status, step, link, show) => {
    expect(outcomeOf({ kind: 'refused', status, retryAfterMs: 0 }, step, link)).toEqual({ show });
  });
  it('says how long to wait, and never zero', () => {
    expect(outcomeOf({ kind: 'refused', status: 429, retryAfterMs: 61_200 }, 'entering', code)).toEqual({ show: 'busy', seconds: 62 });
    expect(outcomeOf({ kind: 'refused', status: 429, retryAfterMs: 0 }, 'entering', code)).toEqual({ show: 'busy', seconds: 1 });
  });
});
