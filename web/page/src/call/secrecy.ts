// What is not encrypted with the key of an encrypted room is neither played nor
// shown, and the page names its sender. In a room without encryption the same
// holds for what is encrypted.

import { ConnectionState, type Participant, type RemoteParticipant, type Room, RoomEvent, type TrackPublication } from 'livekit-client';
import { text } from '../text';
import type { Encryption } from './encryption';
import type { Notices } from './notices';
import { nameOf } from './watch';

/** Withheld is why something of somebody is neither played nor shown: it has another key, none, or one where there should be none. */
export type Withheld = 'key' | 'plain' | 'encrypted';

export class Secrecy {
  private people: ReadonlyMap<string, Withheld> = new Map();
  private listeners = new Set<() => void>();
  // The people about whose plain messages there was a notice. One is enough.
  private told = new Set<string>();

  constructor(
    room: Room,
    private readonly notices: Notices,
    private readonly encryption: Pick<Encryption, 'opened'> | null,
  ) {
    room
      .on(RoomEvent.EncryptionError, (_error, who) => {
        if (who && !who.isLocal && !this.people.has(who.identity)) this.withhold(who, 'key');
      })
      .on(RoomEvent.ConnectionStateChanged, (state) => {
        if (state === ConnectionState.Connected) for (const who of room.remoteParticipants.values()) this.look(who);
      })
      .on(RoomEvent.ParticipantConnected, (who) => this.look(who))
      .on(RoomEvent.TrackPublished, (_publication, who) => this.look(who))
      .on(RoomEvent.TrackSubscribed, (_track, _publication, who) => this.look(who))
      .on(RoomEvent.TrackUnpublished, (_publication, who) => this.look(who))
      .on(RoomEvent.ParticipantDisconnected, (who) => {
        this.told.delete(who.identity);
        this.set(who.identity, undefined);
      });
  }

  /** encrypted says whether the room is, as far as this page is concerned. */
  get encrypted(): boolean {
    return this.encryption !== null;
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  list = () => this.people;

  /** mayPlay says whether what somebody publishes is as secret as the room is. */
  mayPlay(publication: TrackPublication): boolean {
    if (publication.isLocal) return true;
    // Without a type the worker that decrypts is not put before the track.
    return this.encrypted ? publication.isEncrypted && !!publication.trackInfo?.mimeType : !publication.isEncrypted;
  }

  /** mayRead says whether a message is as secret as the room is, and tells when it is not. */
  mayRead(bytes: Uint8Array, who: RemoteParticipant | undefined, identity: string): boolean {
    if (!this.encryption || this.encryption.opened(bytes)) return true;
    if (this.told.has(identity) || this.told.size > mostTold) return false;
    this.told.add(identity);
    this.notices.tell(text.notice.plainMessage(who ? nameOf(who) : text.nobody), { topic: `plain-chat-${identity}`, tone: 'warning' });
    return false;
  }

  /** seals says whether all that somebody publishes is encrypted, with the right key as far as is known. */
  seals(who: Participant): boolean {
    if (!this.encrypted || this.people.has(who.identity)) return false;
    return who.isLocal || who.isEncrypted;
  }

  private look(who: RemoteParticipant) {
    const amiss = [...who.trackPublications.values()].filter((publication) => !this.mayPlay(publication));
    for (const publication of amiss) {
      // They are not even fetched, and never come as far as a decoder.
      if (publication.isDesired) publication.setSubscribed(false);
    }
    const why = this.people.get(who.identity);
    if (amiss.length > 0) this.withhold(who, this.encrypted ? 'plain' : 'encrypted');
    else if (why === 'plain' || why === 'encrypted') this.set(who.identity, undefined);
  }

  private withhold(who: Participant, why: Withheld) {
    if (this.people.get(who.identity) === why) return;
    this.set(who.identity, why);
    const words = { key: text.notice.cannotDecrypt, plain: text.notice.notEncrypted, encrypted: text.notice.unexpectedlyEncrypted }[why];
    this.notices.tell(words(nameOf(who)), { topic: `key-${who.identity}`, tone: 'warning' });
  }

  private set(identity: string, why: Withheld | undefined) {
    if (this.people.get(identity) === why) return;
    const people = new Map(this.people);
    if (why) people.set(identity, why);
    else people.delete(identity);
    this.people = people;
    for (const listener of this.listeners) listener();
  }
}

// Enough for everybody in a room; somebody who changes their name again and again is not told of without end.
const mostTold = 1000;
