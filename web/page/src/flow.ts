// The way through the page: which screen is shown, and what leads from one to
// the next. Screens only show a State and call methods of the Flow.

import { type Admission, type Invitation, type Refusal, enter, lookUp } from './api';
import type { Call, EnterCall, Ending } from './call/enter';
import { type Door, codeIn, doorOf, pathOf } from './code';
import { fragmentOf, keyIn, keyOf } from './key';
import type { Preview } from './media/preview';
import { cleanName } from './names';
import { type Step, outcomeOf } from './outcome';
import { type Claim, type Session, claim, keepAccessToken, keepRequest, keepSession, keptAccessToken, keptRequest, keptSession } from './session';
import { keepChoices, readChoices } from './storage';
import type { MessageKind } from './text';
import { untilAnswered } from './waiting';

// How long after it was told to go a page is taken to be staying.
const suspendedForMs = 2000;

export type State =
  | { screen: 'loading'; back: boolean }
  | { screen: 'code'; room: string; checking: boolean; problem: 'none' | 'malformed' | 'code' | 'token' }
  | { screen: 'prejoin'; invitation: Invitation; joining: boolean; keyMissing: boolean }
  | { screen: 'waiting'; invitation: Invitation }
  | { screen: 'call'; invitation: Invitation; call: Call }
  | { screen: 'message'; message: MessageKind; seconds: number; encryption: boolean; room: string };

/** Surroundings is what the flow needs of the browser. */
export interface Surroundings {
  path(): string;
  fragment(): string;
  /** replace changes the address without loading anything. */
  replace(address: string): void;
  reloaded(): boolean;
  webrtc(): boolean;
  encryption(): boolean;
  loadCall(): Promise<{ enterCall: EnterCall }>;
}

export class Flow {
  private current: State = { screen: 'loading', back: false };
  private listeners = new Set<() => void>();
  private door: Door | null = null;
  private claim: Claim | null = null;
  // Whatever was begun before the last attempt has no say any more.
  private attempt = new AbortController();

  /** preview holds the tracks that were made before joining; the call takes them over. */
  preview: Preview | null = null;

  constructor(private readonly around: Surroundings) {}

  get state(): State {
    return this.current;
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** start goes as far as it can without asking: into the call, back to waiting, or to the name. */
  async start() {
    const attempt = this.begin();
    this.door = doorOf(this.around.path());
    if (!this.door) return this.message('link');
    if (!this.around.webrtc()) return this.message('unsupported');
    this.show({ screen: 'loading', back: false });

    const session = keptSession(this.door);
    if (session) {
      const held = this.claim ?? (await claim(session.identity, this.around.reloaded()));
      if (attempt.aborted) return held?.release();
      if (held) {
        this.claim = held;
        this.show({ screen: 'loading', back: true });
        if (await this.connect(session, attempt)) return;
        this.forget();
      }
    }
    const reply = await lookUp(this.door, keptAccessToken());
    if (attempt.aborted) return;
    if (reply.kind === 'refused') return this.refused(reply, 'lookup');
    this.invited(reply.value);
  }

  /** useCode goes on with a code that was typed on /m/{name}. */
  async useCode(typed: string) {
    const room = this.roomAskedFor();
    const code = codeIn(typed);
    if (!code) return this.show({ screen: 'code', room, checking: false, problem: 'malformed' });
    const attempt = this.begin();
    this.show({ screen: 'code', room, checking: true, problem: 'none' });
    const door: Door = { kind: 'code', code };
    const reply = await lookUp(door);
    if (attempt.aborted) return;
    if (reply.kind === 'refused' && reply.status === 404) return this.show({ screen: 'code', room, checking: false, problem: 'code' });
    if (reply.kind === 'refused') return this.refused(reply, 'lookup');
    this.door = door;
    this.around.replace(pathOf(door) + this.around.fragment());
    this.invited(reply.value);
  }

  /** useAccessToken goes on as whoever the token says. */
  async useAccessToken(token: string) {
    if (this.door?.kind !== 'room') return;
    const { room } = this.door;
    const attempt = this.begin();
    this.show({ screen: 'code', room, checking: true, problem: 'none' });
    const reply = await lookUp(this.door, token);
    if (attempt.aborted) return;
    if (reply.kind === 'refused' && reply.status === 401) return this.show({ screen: 'code', room, checking: false, problem: 'token' });
    if (reply.kind === 'refused') return this.refused(reply, 'lookup');
    keepAccessToken(token);
    this.invited(reply.value);
  }

  /** useKey takes the key out of a pasted link; false when there is none in it. */
  useKey(pasted: string): boolean {
    const key = keyIn(pasted);
    if (!key) return false;
    this.around.replace(this.around.path() + fragmentOf(key));
    void this.start();
    return true;
  }

  /** join goes in under a name, or asks to be let in. */
  async join(typedName: string) {
    const name = cleanName(typedName);
    if (this.current.screen !== 'prejoin' || this.current.joining || !this.door || name === '') return;
    const { door } = this;
    const attempt = this.begin();
    this.show({ ...this.current, joining: true });
    keepChoices({ name });

    const request = keptRequest(door);
    let entry = await enter(door, { name, ...(request ? { requestId: request.requestId } : {}) }, keptAccessToken(), attempt);
    if (attempt.aborted) return;
    if (request && entry.kind === 'refused' && (entry.status === 403 || entry.status === 404)) {
      // The remembered request may be what is over, not the link.
      keepRequest(null);
      entry = await enter(door, { name }, keptAccessToken(), attempt);
      if (attempt.aborted) return;
    }
    if (entry.kind === 'refused') return this.refused(entry, 'entering');
    if (entry.kind === 'admitted') return this.admitted(entry.admission, name, attempt);
    keepRequest({ door, requestId: entry.requestId, name, waiting: true });
    await this.wait(entry.requestId, name, attempt);
  }

  /** cancel stops waiting. */
  cancel() {
    keepRequest(null);
    this.begin();
    if (this.current.screen === 'waiting') this.toPrejoin(this.current.invitation);
  }

  /** leave ends the call because the person wants to. */
  leave() {
    if (this.current.screen === 'call') this.current.call.leave();
  }

  /** again starts over from a message. */
  again() {
    void this.start();
  }

  private async wait(requestId: string, name: string, attempt: AbortSignal) {
    const { door } = this;
    if (!door || (this.current.screen !== 'prejoin' && this.current.screen !== 'waiting')) return;
    this.show({ screen: 'waiting', invitation: this.current.invitation });
    const entry = await untilAnswered(() => enter(door, { name, requestId, hold: true }, keptAccessToken(), attempt), attempt);
    if (!entry || attempt.aborted) return;
    if (entry.kind === 'admitted') {
      keepRequest({ door, requestId, name, waiting: false });
      return this.admitted(entry.admission, name, attempt);
    }
    keepRequest(null);
    this.refused(entry, 'waiting');
  }

  private async admitted(admission: Admission, name: string, attempt: AbortSignal) {
    if (!this.door || !('invitation' in this.current)) return;
    const { microphone, camera } = readChoices();
    const session: Session = {
      door: this.door,
      invitation: this.current.invitation,
      token: admission.token,
      livekitUrl: admission.livekit_url,
      identity: admission.identity,
      name,
      microphone,
      camera,
    };
    // Nobody else knows this identity yet, so there is nothing to wait for.
    void claim(session.identity, false).then((held) => {
      this.claim?.release();
      this.claim = held;
    });
    if (!(await this.connect(session, attempt))) this.message('unavailable');
  }

  /** connect gives false when the media server no longer takes the token. */
  private async connect(session: Session, attempt: AbortSignal): Promise<boolean> {
    const { invitation } = session;
    const entered = await this.around
      .loadCall()
      .then(({ enterCall }) =>
        enterCall({
          session,
          key: invitation.e2ee ? keyOf(this.around.fragment()) : null,
          preview: this.preview,
          keepKey: (key) => this.around.replace(this.around.path() + fragmentOf(key)),
          ended: (ending) => this.ended(ending),
        }),
      )
      .catch((): Ending => ({ why: 'unavailable' }));
    if ('why' in entered) {
      if (attempt.aborted) return true;
      if (entered.why === 'stale') return false;
      this.ended(entered);
      return true;
    }
    if (attempt.aborted) {
      entered.leave();
      return true;
    }
    this.preview?.stop(); // one that came too late for the call to take over
    this.preview = null;
    this.show({ screen: 'call', invitation, call: entered });
    return true;
  }

  /** ended is where every call ends, for whatever reason. */
  private ended(ending: Ending) {
    if (ending.why === 'suspended') {
      // The page is being left, and the session is for coming back. Some
      // browsers say so when it stays after all: then this goes back in.
      setTimeout(() => this.current.screen === 'call' && void this.start(), suspendedForMs);
      return;
    }
    // After a lost connection "Try again" goes back with the same token.
    if (ending.why !== 'unavailable') this.forget();
    this.message(ending.why === 'stale' ? 'unavailable' : ending.why);
  }

  private invited(invitation: Invitation) {
    const key = keyOf(this.around.fragment());
    if (invitation.e2ee && !this.around.encryption()) return this.message('unsupported', { encryption: true });
    if (invitation.e2ee && !key && !invitation.admits) return this.message('nokey');
    this.toPrejoin(invitation);
    const request = this.door && keptRequest(this.door);
    if (request?.waiting) void this.wait(request.requestId, request.name, this.begin());
  }

  private toPrejoin(invitation: Invitation) {
    const keyMissing = invitation.e2ee && !keyOf(this.around.fragment());
    this.show({ screen: 'prejoin', invitation, joining: false, keyMissing });
  }

  private refused(refusal: Refusal, step: Step) {
    if (!this.door) return;
    const outcome = outcomeOf(refusal, step, this.door);
    if (outcome.show !== 'code') return this.message(outcome.show, outcome.seconds ? { seconds: outcome.seconds } : {});
    keepAccessToken(null);
    this.show({ screen: 'code', room: this.roomAskedFor(), checking: false, problem: 'none' });
  }

  private roomAskedFor(): string {
    return this.door?.kind === 'room' ? this.door.room : '';
  }

  private message(message: MessageKind, more: { seconds?: number; encryption?: boolean } = {}) {
    this.preview?.stop();
    this.preview = null;
    const room = 'invitation' in this.current ? this.current.invitation.room_name : '';
    this.show({ screen: 'message', message, seconds: more.seconds ?? 0, encryption: more.encryption ?? false, room });
  }

  private forget() {
    keepSession(null);
    this.claim?.release();
    this.claim = null;
  }

  private begin(): AbortSignal {
    this.attempt.abort();
    this.attempt = new AbortController();
    return this.attempt.signal;
  }

  private show(state: State) {
    this.current = state;
    for (const listener of this.listeners) listener();
  }
}
