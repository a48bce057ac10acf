// What the page shows, and who is told when it changes.

import type { State } from './state';
import type { MessageKind } from './text';

/** Shown holds the State that is shown. */
export class Shown {
  protected current: State = { screen: 'loading', why: 'looking' };
  private readonly listeners = new Set<() => void>();

  get state(): State {
    return this.current;
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  protected show(state: State) {
    this.current = state;
    for (const listener of this.listeners) listener();
  }

  /** at says whether a message is shown now. */
  protected at(message: MessageKind): boolean {
    return this.current.screen === 'message' && this.current.message === message;
  }
}
