// Who sends what this tab's key does not open.

import { type Room, RoomEvent } from 'livekit-client';
import type { Notices } from './notices';
import { nameOf } from './watch';
import { text } from '../text';

export class Undecryptable {
  private identities: ReadonlySet<string> = new Set();
  private listeners = new Set<() => void>();

  constructor(room: Room, notices: Notices) {
    room
      .on(RoomEvent.EncryptionError, (_error, who) => {
        if (!who || who.isLocal || this.identities.has(who.identity)) return;
        this.set(new Set([...this.identities, who.identity]));
        notices.tell(text.notice.cannotDecrypt(nameOf(who)), { topic: `key-${who.identity}`, tone: 'warning' });
      })
      .on(RoomEvent.ParticipantDisconnected, (who) => this.set(new Set([...this.identities].filter((identity) => identity !== who.identity))));
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  list = () => this.identities;

  private set(identities: ReadonlySet<string>) {
    this.identities = identities;
    for (const listener of this.listeners) listener();
  }
}
