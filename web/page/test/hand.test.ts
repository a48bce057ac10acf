import { describe, expect, it } from 'vitest';
import type { Participant } from 'livekit-client';
import { byHand, handRaisedAt } from '../src/call/hand';

const person = (name: string, hand?: string) => ({ name, attributes: hand === undefined ? {} : { hand } }) as unknown as Participant;

describe('raised hands', () => {
  it('come first, the longest first, and all others stay as they are', () => {
    const people = [person('Ada'), person('Bob', '2026-11-28T15:00:02.5Z'), person('Carl', ''), person('Dan', '2026-11-28T15:00:02Z'), person('Eve', 'nonsense')];
    expect(people.toSorted(byHand).map(({ name }) => name)).toEqual(['Dan', 'Bob', 'Ada', 'Carl', 'Eve']);
  });
  it('are known since when', () => {
    expect(handRaisedAt(person('Ada', '2026-11-28T15:00:02Z'))).toBe(Date.UTC(2026, 10, 28, 15, 0, 2));
    expect(handRaisedAt(person('Ada'))).toBe(0);
  });
});
