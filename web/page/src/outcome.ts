// From a refusal to what the page says. The one table for all calls.

import type { Answered, JoinAnswer, Refusal } from './api';
import type { JoinLink } from './code';
import type { CodeProblem } from './state';
import type { MessageKind } from './text';

/** Step is how far somebody had come when they were refused. */
export type Step = 'lookup' | 'entering' | 'waiting';

/** Outcome is a message, or that a code is asked for. */
export type Outcome = { show: 'code'; problem: CodeProblem } | { show: MessageKind; seconds?: number };

const mediaObstacles = ['nomedia', 'noudp', 'nodtls'] as const;
const obstacles = ['unreached', 'unavailable', 'websocket', 'mediaserver', ...mediaObstacles] as const;

/** MediaObstacle keeps sound and picture from getting through though signalling works. */
export type MediaObstacle = (typeof mediaObstacles)[number];

/** Obstacle is what is in the way to the call. It may be gone at the next try. */
export type Obstacle = (typeof obstacles)[number];

/** isObstacle says whether another try may succeed. */
export const isObstacle = (why: string): why is Obstacle => (obstacles as readonly string[]).includes(why);

/** isMediaObstacle says whether signalling works. */
export const isMediaObstacle = (why: string): why is MediaObstacle => (mediaObstacles as readonly string[]).includes(why);

// Why somebody who is known is not let in, in the server's words.
const reasons: Record<string, MessageKind> = { refused: 'refused', removed: 'removed', blocked: 'blocked', way_blocked: 'closed', sign_in_required: 'signin' };

/** outcomeOf says what a refusal means at a step. */
export function outcomeOf(refusal: Refusal, step: Step, link: JoinLink): Outcome {
  switch (refusal.status) {
    case 0:
      return { show: 'unreached' };
    case 400: // a link that cannot even be a link
    case 404:
      return { show: step === 'waiting' ? 'over' : 'link' };
    case 401:
      return link.kind === 'room' ? { show: 'code', problem: 'none' } : { show: 'link' };
    case 403:
      if (refusal.reason === 'code_required') return { show: 'code', problem: 'required' };
      return { show: reasons[refusal.reason ?? ''] ?? 'forbidden' };
    case 409:
      return { show: 'full' };
    case 410:
      return { show: 'ended' };
    case 429:
      return { show: 'busy', seconds: Math.max(1, Math.ceil(refusal.retryAfterMs / 1000)) };
    default:
      return { show: 'unavailable' };
  }
}

/** isShut says that a link leads nowhere, no matter who asks. */
export function isShut(answer: JoinAnswer | Answered<unknown>): boolean {
  return answer.kind === 'refused' && (answer.status === 401 || answer.status === 404);
}
