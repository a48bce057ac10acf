// The place in a call that this tab has: its stored call, and that no other tab uses it.

import { type Claim, type StoredCall, claim, storeCall } from './stored';

export class Seat {
  private claim: Claim | null = null;

  /** take stores a new call at once, because the code has been used for it. */
  take(stored: StoredCall) {
    storeCall(stored);
    // Nobody else knows this identity yet, so there is nothing to wait for.
    const claimed = (held: Claim | null) => {
      this.claim?.release();
      this.claim = held;
    };
    claim(stored.identity, false).then(claimed, () => claimed(null));
  }

  /** takeAgain takes the place of a stored call; false when another tab has it, or the signal ended it. */
  async takeAgain(identity: string, reloaded: boolean, signal: AbortSignal): Promise<boolean> {
    const held = this.claim ?? (await claim(identity, reloaded));
    if (signal.aborted) held?.release();
    else if (held) this.claim = held;
    return held !== null && !signal.aborted;
  }

  /** leave forgets the stored call. */
  leave() {
    storeCall(null);
    this.claim?.release();
    this.claim = null;
  }
}
