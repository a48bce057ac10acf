import { describe, expect, it } from 'vitest';
import { type ParticipantPermission, changedRights, may, mayPublish } from '../src/call/rights';

function permissions(canPublish: boolean, sources: number[], canPublishData = true): ParticipantPermission {
  return { canPublish, canPublishSources: sources, canPublishData, canSubscribe: true } as ParticipantPermission;
}

describe('may', () => {
  it('is no without permissions', () => {
    for (const right of ['microphone', 'camera', 'screen_share', 'chat'] as const) expect(may(undefined, right)).toBe(false);
  });
  it('is no for sources when nothing may be published, whatever the list says', () => {
    expect(may(permissions(false, [1, 2]), 'camera')).toBe(false);
    expect(may(permissions(false, []), 'microphone')).toBe(false);
  });
  it('follows the list of sources', () => {
    expect(may(permissions(true, [2]), 'microphone')).toBe(true);
    expect(may(permissions(true, [2]), 'camera')).toBe(false);
    expect(mayPublish(permissions(true, [4]), 'screen_share_audio')).toBe(true);
    expect(mayPublish(permissions(true, [3]), 'screen_share_audio')).toBe(false);
  });
  it('takes an empty list for all sources', () => {
    expect(may(permissions(true, []), 'screen_share')).toBe(true);
  });
  it('ties the chat to data', () => {
    expect(may(permissions(false, [], true), 'chat')).toBe(true);
    expect(may(permissions(true, [], false), 'chat')).toBe(false);
  });
});

describe('changedRights', () => {
  it('tells what was taken and given', () => {
    expect(changedRights(permissions(true, [1, 2]), permissions(true, [1, 3], false))).toEqual({ given: ['screen_share'], taken: ['microphone', 'chat'] });
  });
  it('tells nothing when nothing changed', () => {
    expect(changedRights(permissions(true, []), permissions(true, [1, 2, 3, 4]))).toEqual({ given: [], taken: [] });
  });
});
