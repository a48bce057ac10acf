// From a refusal to what the page says. The one table for all calls.

import type { Answered, JoinAnswer, Refusal } from './api';
import type { JoinLink } from './code';
import type { MessageKind } from './text';

/** Step is how far somebody had come when they were refused. */
export type Step = 'lookup' | 'entering' | 'waiting';

/** Outcome is a message, or that a code is asked for. */
export type Outcome = { show: 'code' } | { show: MessageKind; seconds?: number };

/** outcomeOf says what a refusal means at a step. */
export function outcomeOf(refusal: Refusal, step: Step, link: JoinLink): Outcome {
  switch (refusal.status) {
    case 400: // a link that cannot even be a link
    case 404:
      return { show: step === 'waiting' ? 'over' : 'link' };
    case 401:
      return link.kind === 'room' ? { show: 'code' } : { show: 'link' };
    case 403:
      return { show: 'refused' };
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
