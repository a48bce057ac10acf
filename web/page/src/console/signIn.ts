// Who is signed in. The access token comes in the fragment of the link that
// "roomkey console" prints, which browsers send to nobody. It is kept for this
// tab alone.

/** storageKey is where the token is kept. */
export const storageKey = 'roomkey.console.token';

interface Surroundings {
  location: Pick<Location, 'hash' | 'pathname'>;
  history: Pick<History, 'replaceState'>;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

/** Status is why there is a token or none. */
export type Status = 'signed-in' | 'none' | 'ended' | 'signed-out';

/** Who is what a token says of its bearer. Only the server knows whether it is true. */
export interface Who {
  subject: string;
  name: string;
  role: string;
}

/** SignIn holds the access token of this tab. */
export class SignIn {
  status: Status;
  token: string;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly around: Surroundings) {
    this.token = around.storage.getItem(storageKey) ?? '';
    this.status = this.token ? 'signed-in' : 'none';
  }

  /** takeFromAddress takes the token out of the address, if there is one. */
  takeFromAddress() {
    const { location, history, storage } = this.around;
    const found = /^#token=([\w.-]*)/.exec(location.hash);
    if (!found) return;
    history.replaceState(null, '', location.pathname);
    const token = found[1] ?? '';
    if (!token) return;
    storage.setItem(storageKey, token);
    this.become('signed-in', token);
  }

  /** end forgets a token that the server takes no longer. A newer one stays. */
  end(token: string) {
    if (token === this.token) this.forget('ended');
  }

  /** leave forgets the token because the person says so. */
  leave() {
    this.forget('signed-out');
  }

  /** who is for the eye alone. */
  get who(): Who {
    return whoIn(this.token);
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private forget(status: Status) {
    this.around.storage.removeItem(storageKey);
    this.become(status, '');
  }

  private become(status: Status, token: string) {
    this.status = status;
    this.token = token;
    for (const listener of this.listeners) listener();
  }
}

/** whoIn reads what a token says. */
export function whoIn(token: string): Who {
  try {
    const payload = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const { sub = '', name = '', role = '' } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return { subject: String(sub), name: String(name), role: String(role) };
  } catch {
    return { subject: '', name: '', role: '' };
  }
}
