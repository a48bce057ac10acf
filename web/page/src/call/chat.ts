// The chat of a call. Messages come from strangers, as many and as fast as they
// like: they are taken in together a few times a second, and the newest are kept.

import { type RemoteParticipant, type Room, RoomEvent } from 'livekit-client';
import { cut } from '../names';
import { text } from '../text';
import { newest } from './fair';
import { readMessage } from './message';
import type { Notices } from './notices';
import type { Secrecy } from './secrecy';
import { playSound } from './sounds';
import { nameOf } from './watch';

/** Message is one line of the chat, with the writer's name as it was then. */
export interface Message {
  key: number; // of this page's making: what others call their messages may be anything
  id: string;
  timestamp: number;
  message: string;
  identity: string;
  name: string;
  isLocal: boolean;
  isAgent: boolean;
  onlyMe: boolean; // nobody else has got it
}

interface Raw {
  bytes: Uint8Array;
  identity: string; // empty: nobody whom the server shows, so none of the people inside
  name: string;
}

/** mostMessages is how many messages are kept. */
export const mostMessages = 500;

// LiveKit's names, so that its other clients can be talked to.
const topic = 'lk-chat-topic';
const editTopic = 'lk-chat-update-topic';

const pauseMs = 100;
const busyPauseMs = 400; // while so many come that drawing them takes the page's time
const busyFrom = 40;
const readOutAtOnce = 3;
const longestReadOut = 300;

export class Chat {
  /** messages are the newest ones, oldest first. */
  messages: readonly Message[] = [];
  /** received counts the messages of others, also those that are not kept; ofAgents are those of them that agents wrote. */
  received = 0;
  ofAgents = 0;

  private pending: Raw[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private nextKey = 1;
  private listeners = new Set<() => void>();

  constructor(
    private readonly room: Room,
    private readonly notices: Notices,
    private readonly secrecy: Secrecy,
  ) {
    room
      .on(RoomEvent.DataReceived, (bytes, who, _kind, about, _encryption, identity) => {
        if (about !== topic && about !== editTopic) return;
        if (this.secrecy.mayRead(bytes, who, identity ?? '')) this.take({ bytes, identity: who?.identity ?? identity ?? '', name: who ? nameOf(who) : '' });
      })
      .on(RoomEvent.ParticipantConnected, (who) => this.nameLater(who))
      .once(RoomEvent.Disconnected, () => clearTimeout(this.timer));
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  list = () => this.messages;
  count = () => this.received;
  countOfAgents = () => this.ofAgents;

  /** send sends a message to everybody. It throws when that did not work. */
  async send(message: string) {
    if (this.secrecy.encrypted && !this.room.isE2EEEnabled) throw new Error('encryption has not begun');
    const said = { id: crypto.randomUUID(), timestamp: Date.now(), message };
    await this.room.localParticipant.publishData(new TextEncoder().encode(JSON.stringify(said)), { reliable: true, topic });
    const { identity } = this.room.localParticipant;
    const name = nameOf(this.room.localParticipant);
    this.show([...this.messages, { ...said, key: this.nextKey++, identity, name, isLocal: true, isAgent: false, onlyMe: false }]);
  }

  private take(raw: Raw) {
    this.pending.push(raw);
    if (this.pending.length >= 2 * mostMessages) this.drop();
    this.timer ??= setTimeout(() => this.flush(), pauseMs);
  }

  /** drop leaves out what would not be kept anyway, before it is read. */
  private drop() {
    const kept = newest(this.pending, mostMessages, (raw) => raw.identity);
    this.received += this.pending.length - kept.length;
    this.pending = [...kept];
  }

  private flush() {
    if (this.pending.length > mostMessages) this.drop();
    const busy = this.pending.length >= busyFrom;
    const { pending } = this;
    this.pending = [];
    this.timer = busy ? setTimeout(() => this.flushAgain(), busyPauseMs) : undefined;

    const messages = [...this.messages];
    const fresh: Message[] = [];
    for (const { bytes, identity, name } of pending) {
      const read = readMessage(bytes);
      if (read.message === '') continue;
      const edited = read.id === '' ? -1 : messages.findLastIndex((other) => other.id === read.id && other.identity === identity);
      if (edited >= 0) {
        messages[edited] = { ...(messages[edited] as Message), message: read.message };
        continue;
      }
      const { id, timestamp, message: said } = read;
      // The server names the sender of everything that people send: who has none and says that they are an agent is one.
      const isAgent = identity === '' && read.agent !== '';
      const who = isAgent ? { name: read.agent, isAgent, onlyMe: read.onlyMe } : { name, isAgent, onlyMe: false };
      const message = { id, timestamp, message: said, key: this.nextKey++, identity, isLocal: false, ...who };
      messages.push(message);
      fresh.push(message);
    }
    this.received += fresh.length;
    this.ofAgents += fresh.filter((message) => message.isAgent).length;
    this.readOut(fresh);
    this.show(messages);
  }

  private flushAgain() {
    this.timer = undefined;
    if (this.pending.length > 0) this.flush();
  }

  private readOut(fresh: Message[]) {
    if (fresh.length > 0) playSound('chat');
    if (fresh.length > readOutAtOnce) return this.notices.say(text.chat.many(fresh.length));
    for (const { name, message, isAgent } of fresh) {
      const words = isAgent ? text.chat.fromAgent : text.chat.from;
      this.notices.say(words(name || text.nobody, cut(message, longestReadOut)));
    }
  }

  /** nameLater adds the name to messages of people who were not known yet: LiveKit may announce a person after their messages. */
  private nameLater(who: RemoteParticipant) {
    const nameless = (message: { identity: string; name: string }) => message.name === '' && message.identity === who.identity;
    for (const raw of this.pending) if (nameless(raw)) raw.name = nameOf(who);
    if (this.messages.some(nameless)) this.show(this.messages.map((message) => (nameless(message) ? { ...message, name: nameOf(who) } : message)));
  }

  private show(messages: readonly Message[]) {
    this.messages = newest(messages, mostMessages, (message) => message.identity);
    for (const listener of this.listeners) listener();
  }
}
