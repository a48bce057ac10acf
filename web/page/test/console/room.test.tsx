import { describe, expect, it } from 'vitest';
import { offersFor } from '../../src/console/room/PersonActions';
import { hrefOf, routeOf } from '../../src/console/route';

const all = new Set(['mute_participant', 'disable_participant_video', 'update_participant', 'kick_participant']);
const eve = { identity: 'eve_1', name: 'Eve', verified: false, role: 'guest', joined_at: '', tracks: [] };
const labels = (person: object, tools = all) => offersFor({ ...eve, ...person }, tools).map(({ label }) => label);

describe('what can be done to somebody', () => {
  it('is everything that the tools can', () => expect(labels({})).toEqual(['Mute Eve', "Turn off Eve's camera", 'Lock Eve', 'Make Eve a host', 'Remove Eve', 'Block Eve']));
  it('is about what they have now', () =>
    expect(labels({ role: 'host', locked: ['microphone'], tracks: [{ source: 'screen_share', muted: false }] })).toEqual([
      'Mute Eve',
      "Turn off Eve's camera",
      "Stop Eve's screen share",
      'Unlock Eve',
      'Take host rights from Eve',
      'Remove Eve',
      'Block Eve',
    ]));
  it('is less for an admin of the room', () => expect(labels({ is_admin: true, role: 'host' })).toEqual(['Mute Eve', "Turn off Eve's camera", 'Remove Eve', 'Block Eve']));
  it('needs its tools', () => expect(labels({}, new Set(['mute_participant']))).toEqual(['Mute Eve']));
  it('is asked about before somebody goes', () => {
    const asked = offersFor(eve, all).filter(({ asks }) => asks);
    expect(asked.map(({ label }) => label)).toEqual(['Remove Eve', 'Block Eve']);
  });
  it('names nobody at length', () => expect(labels({ name: 'x'.repeat(80) })[0]).toBe(`Mute ${'x'.repeat(39)}…`));
});

describe('a place', () => {
  it.each([
    ['', []],
    ['#/rooms', ['rooms']],
    ['#/rooms/a%2Fb/codes', ['rooms', 'a/b', 'codes']],
    ['#/rooms/%', []],
  ])('is read from %j', (fragment, route) => expect(routeOf(fragment)).toEqual(route));
  it('is written as it is read', () => expect(routeOf(hrefOf('rooms', 'a/b #?', 'codes'))).toEqual(['rooms', 'a/b #?', 'codes']));
});
