// What somebody may do in the room now. The token says it first, the host may
// change it at any time; LiveKit tells both in the same way.

import type { LocalParticipant } from 'livekit-client';
import type { Source } from '../api';

/** ParticipantPermission is LiveKit's list of what somebody may do. */
export type ParticipantPermission = NonNullable<LocalParticipant['permissions']>;

/** Right is something that the page offers or does not. */
export type Right = 'microphone' | 'camera' | 'screen_share' | 'chat';

export const rights: readonly Right[] = ['microphone', 'camera', 'screen_share', 'chat'];

// LiveKit's numbers for the sources.
const sourceNumbers: Record<Source, number> = { camera: 1, microphone: 2, screen_share: 3, screen_share_audio: 4 };

/** may says whether permissions allow something. Without permissions nothing is allowed. */
export function may(permissions: ParticipantPermission | undefined, right: Right): boolean {
  if (!permissions) return false;
  return right === 'chat' ? permissions.canPublishData : mayPublish(permissions, right);
}

/** mayPublish says whether a source may be published. */
export function mayPublish(permissions: ParticipantPermission | undefined, source: Source): boolean {
  if (!permissions?.canPublish) return false;
  // An empty list stands for every source.
  return permissions.canPublishSources.length === 0 || permissions.canPublishSources.includes(sourceNumbers[source]);
}

/** changedRights compares before and after. */
export function changedRights(before: ParticipantPermission | undefined, after: ParticipantPermission | undefined): { given: Right[]; taken: Right[] } {
  return {
    given: rights.filter((right) => !may(before, right) && may(after, right)),
    taken: rights.filter((right) => may(before, right) && !may(after, right)),
  };
}
