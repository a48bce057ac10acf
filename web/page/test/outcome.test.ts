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
    [401, 'lookup', code, 'link'],
    [409, 'entering', code, 'full'],
    [410, 'lookup', room, 'ended'],
    [503, 'entering', code, 'unavailable'],
    [500, 'lookup', code, 'unavailable'],
    [0, 'lookup', code, 'unreached'],
  ])('shows for %i while %s', (status, step, link, show) => {
    expect(outcomeOf({ kind: 'refused', status, retryAfterMs: 0 }, step, link)).toEqual({ show });
  });
  it.each<[string, Step, JoinLink, string]>([
    ['refused', 'waiting', code, 'refused'],
    ['refused', 'entering', room, 'refused'],
    ['removed', 'entering', code, 'removed'],
    ['blocked', 'waiting', code, 'blocked'],
    ['way_blocked', 'entering', room, 'closed'],
    ['', 'entering', code, 'forbidden'],
    ['unheard_of', 'lookup', code, 'forbidden'],
  ])('shows for 403, %s, while %s', (reason, step, link, show) => {
    expect(outcomeOf({ kind: 'refused', status: 403, retryAfterMs: 0, ...(reason && { reason }) }, step, link)).toEqual({ show });
  });
  it('asks for a code where one is needed', () => {
    expect(outcomeOf({ kind: 'refused', status: 401, retryAfterMs: 0 }, 'lookup', room)).toEqual({ show: 'code', problem: 'none' });
    expect(outcomeOf({ kind: 'refused', status: 403, retryAfterMs: 0, reason: 'code_required' }, 'lookup', room)).toEqual({ show: 'code', problem: 'required' });
  });
  it('says how long to wait, and never zero', () => {
    expect(outcomeOf({ kind: 'refused', status: 429, retryAfterMs: 61_200 }, 'entering', code)).toEqual({ show: 'busy', seconds: 62 });
    expect(outcomeOf({ kind: 'refused', status: 429, retryAfterMs: 0 }, 'entering', code)).toEqual({ show: 'busy', seconds: 1 });
  });
});
