// The place in a call that this tab has: its session, and that no other tab uses it.

import { type Claim, type Session, claim, keepSession } from './session';

export class Seat {
  private claim: Claim | null = null;

  /** take stores a new session at once, because the code has been used for it. */
  take(session: Session) {
    keepSession(session);
    // Nobody else knows this identity yet, so there is nothing to wait for.
    const claimed = (held: Claim | null) => {
      this.claim?.release();
      this.claim = held;
    };
    claim(session.identity, false).then(claimed, () => claimed(null));
  }

  /** takeAgain takes the place of a stored session; false when another tab has it, or the signal ended it. */
  async takeAgain(identity: string, reloaded: boolean, signal: AbortSignal): Promise<boolean> {
    const held = this.claim ?? (await claim(identity, reloaded));
    if (signal.aborted) held?.release();
    else if (held) this.claim = held;
    return held !== null && !signal.aborted;
  }

  /** leave forgets the session. */
  leave() {
    keepSession(null);
    this.claim?.release();
    this.claim = null;
  }
}
