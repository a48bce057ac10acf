// Why a call ended, or did not begin.

import { ConnectionError, ConnectionErrorReason, DisconnectReason } from 'livekit-client';
import type { Obstacle } from '../outcome';
import type { MessageKind } from '../text';
import type { Thrown } from './browser';
import { type Path, mediaObstacle } from './path';

/**
 * Ending is a message for the person, or one of three things that are for the
 * flow: the call broke off, the token is not taken any more, or the page
 * itself goes away.
 */
export type Ending = {
  why: Extract<MessageKind, 'full' | 'ended' | 'removed' | 'left' | 'duplicate' | 'browser' | 'nokey'> | Obstacle | 'lost' | 'stale' | 'suspended';
  /** said is what the browser had to say, or which addresses were tried, for the person to pass on. */
  said?: string;
};

/** endingOf reads LiveKit's reason for the end of a call. */
export function endingOf(reason: DisconnectReason | undefined): Ending {
  switch (reason) {
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return { why: 'ended' };
    case DisconnectReason.PARTICIPANT_REMOVED:
      return { why: 'removed' };
    case DisconnectReason.DUPLICATE_IDENTITY:
      return { why: 'duplicate' };
    case DisconnectReason.CLIENT_INITIATED:
      // Not by our button, so LiveKit did it because the page is being left.
      return { why: 'suspended' };
    default:
      // A server that restarts, one that has forgotten the room, a network
      // that did not come back: people see no difference.
      return { why: 'lost' };
  }
}

// Tokens are removed from what the browser says.
const secret = /eyJ[\w.-]+/g;

/** endingOfError reads why a connection could not be made, of LiveKit's error and of what the browser threw and did meanwhile. */
export function endingOfError(error: unknown, thrown: Thrown['last'] = null, paths: readonly Path[] = []): Ending {
  if (error instanceof Error && /max(imum)? participants/i.test(error.message)) return { why: 'full' };
  const browser = thrown && ({ why: 'browser', said: `${thrown.what}: ${thrown.error.message || thrown.error.name}`.replace(secret, '…') } as const);
  if (!(error instanceof ConnectionError)) return browser ?? { why: 'unavailable' };
  switch (error.reason) {
    case ConnectionErrorReason.NotAllowed:
      // Our own /rtc says why a token is dead. Everything else is a token that is too old.
      if (error.status === 403 && /removed from the room/.test(error.message)) return { why: 'removed' };
      if (error.status === 404 && /has ended/.test(error.message)) return { why: 'ended' };
      return { why: 'stale' };
    case ConnectionErrorReason.LeaveRequest: {
      const ending = endingOf(error.context as DisconnectReason);
      return ending.why === 'lost' ? { why: 'unavailable' } : ending; // nobody was in yet
    }
    default:
      // 404: the room of this token is not there any more.
      if (error.status === 404) return { why: 'stale' };
      if (browser) return browser;
      // Signalling works then, but the media connection does not.
      return /pc connection/i.test(error.message) ? mediaObstacle(paths) : { why: 'unavailable' };
  }
}
