// The way through the page: which screen is shown, and what leads from one to
// the next. Screens only show a State and call methods of the Flow.

import { type Admission, type Entry, type Invitation, type Refusal, enter, lookUp } from './api';
import { untilBack } from './back';
import type { Call, EnterCall, Ending } from './call/enter';
import { type Door, codeIn, doorOf, pathOf } from './code';
import { fragmentOf, keyIn, keyOf } from './key';
import type { Preview } from './media/preview';
import { cleanName } from './names';
import { type Step, outcomeOf } from './outcome';
import { type Claim, type Session, claim, keepAccessToken, keepRequest, keepSession, keptAccessToken, keptRequest, keptSession } from './session';
import { keepChoices, readChoices } from './storage';
import type { MessageKind } from './text';
import { passing, untilAnswered } from './waiting';

// How long after it was told to go a page is taken to be staying.
const suspendedForMs = 2000;

export type State =
  | { screen: 'loading'; why: 'looking' | 'returning' | 'lost' }
  | { screen: 'code'; room: string; checking: boolean; problem: 'none' | 'malformed' | 'code' | 'token' }
  | { screen: 'prejoin'; invitation: Invitation; name: string; joining: boolean; keyMissing: boolean }
  | { screen: 'waiting'; invitation: Invitation }
  | { screen: 'call'; invitation: Invitation; call: Call }
  | { screen: 'message'; message: MessageKind; seconds: number; encryption: boolean };

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
  private current: State = { screen: 'loading', why: 'looking' };
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

  /** start goes as far as it can without asking: into the call, back to waiting, or to the name; whoever left, into the call only when they want to. */
  async start(wanted = false) {
    const attempt = this.begin();
    this.door = doorOf(this.around.path());
    if (!this.door) return this.message('link');
    if (!this.around.webrtc()) return this.message('unsupported');
    this.show({ screen: 'loading', why: 'looking' });

    const session = keptSession(this.door);
    if (session && (wanted || !session.left)) {
      this.show({ screen: 'loading', why: 'returning' });
      if (await this.back(session, attempt)) return;
    }
    const reply = await lookUp(this.door, keptAccessToken());
    if (attempt.aborted) return;
    if (reply.kind === 'answered') return this.invited(reply.value);
    // A link for one is used up by the very person who left and may come back.
    const left = keptSession(this.door);
    if (left?.left && isShut(reply)) return this.invited(left.invitation);
    this.refused(reply, 'lookup');
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
    const { invitation } = this.current;
    const attempt = this.begin();
    this.show({ ...this.current, joining: true });
    keepChoices({ name });

    const session = keptSession(door);
    const { microphone, camera } = readChoices();
    const left = session?.left ? { ...session, microphone, camera } : null;
    if (left?.name === name && (await this.back(left, attempt))) return;
    if (attempt.aborted) return;
    const entry = await this.ask(door, name, attempt);
    if (attempt.aborted) return;
    // Another name needs another token; where the link gives none any more, the one that is there still leads back in.
    if (left && left.name !== name && isShut(entry) && (await this.back(left, attempt))) return;
    if (attempt.aborted) return;
    await this.asked(entry, name, invitation, attempt);
  }

  /** cancel stops waiting. The request stands, and Join under the same name goes on with it. */
  cancel() {
    this.begin();
    const request = this.door && keptRequest(this.door);
    if (request) keepRequest({ ...request, waiting: false });
    if (this.current.screen === 'waiting') this.toPrejoin(this.current.invitation);
  }

  /** leave ends the call because the person wants to, also while it is being brought back. */
  leave() {
    if (this.current.screen === 'call') return this.current.call.leave();
    if (this.current.screen !== 'loading' || !this.door) return;
    const attempt = this.begin();
    const session = keptSession(this.door);
    if (session) this.ended({ why: 'left' }, session, attempt);
    else this.message('left');
  }

  /** again starts over from a message, because the person wants to. */
  again() {
    void this.start(true);
  }

  /** ask asks at the door, with the request that was made under this name before: it may have been approved. */
  private async ask(door: Door, name: string, attempt: AbortSignal): Promise<Entry> {
    const request = keptRequest(door);
    if (request?.name === name) {
      const entry = await enter(door, { name, requestId: request.requestId }, keptAccessToken(), attempt);
      if (attempt.aborted || entry.kind !== 'refused' || (entry.status !== 403 && entry.status !== 404)) return entry;
      // The remembered request may be what is over, not the link.
      keepRequest(null);
    }
    return enter(door, { name }, keptAccessToken(), attempt);
  }

  /** asked goes on with what was answered at the door. */
  private async asked(entry: Entry, name: string, invitation: Invitation, attempt: AbortSignal) {
    if (!this.door) return;
    if (entry.kind === 'refused') return this.refused(entry, 'entering');
    if (entry.kind === 'admitted') return this.admitted(entry.admission, name, invitation, attempt);
    keepRequest({ door: this.door, requestId: entry.requestId, name, waiting: true });
    await this.wait(entry.requestId, name, invitation, attempt);
  }

  private async wait(requestId: string, name: string, invitation: Invitation, attempt: AbortSignal) {
    const { door } = this;
    if (!door) return;
    this.show({ screen: 'waiting', invitation });
    const entry = await untilAnswered(async () => {
      const answer = await enter(door, { name, requestId, hold: true }, keptAccessToken(), attempt);
      if (answer.kind === 'waiting' && answer.requestId !== requestId && !attempt.aborted) {
        // The old one ran out, as while a laptop sleeps; the server has made another.
        requestId = answer.requestId;
        keepRequest({ door, requestId, name, waiting: true });
      }
      return answer;
    }, attempt);
    if (!entry || attempt.aborted) return;
    if (entry.kind === 'admitted') {
      keepRequest({ door, requestId, name, waiting: false });
      return this.admitted(entry.admission, name, invitation, attempt);
    }
    keepRequest(null);
    this.refused(entry, 'waiting');
  }

  private async admitted(admission: Admission, name: string, invitation: Invitation, attempt: AbortSignal) {
    if (!this.door) return;
    const { microphone, camera } = readChoices();
    const session: Session = { ...placeOf(admission), door: this.door, invitation, name, microphone, camera, left: false };
    this.take(session);
    const ending = await this.connect(session, attempt);
    if (ending) this.ended(ending, session, attempt);
  }

  /** take keeps a session that was given just now: whatever happens next, the code has been used for it. */
  private take(session: Session) {
    keepSession(session);
    // Nobody else knows this identity yet, so there is nothing to wait for.
    void claim(session.identity, false).then((held) => {
      this.claim?.release();
      this.claim = held;
    });
  }

  /** back goes in with the kept session; false when another tab has it, or its token is not taken any more. */
  private async back(kept: Session, attempt: AbortSignal): Promise<boolean> {
    const held = this.claim ?? (await claim(kept.identity, this.around.reloaded()));
    if (attempt.aborted) {
      held?.release();
      return true;
    }
    if (!held) return false;
    this.claim = held;
    const session = { ...kept, left: false };
    keepSession(session);
    const ending = await this.connect(session, attempt);
    if (ending?.why === 'stale') {
      this.forget();
      return false;
    }
    if (ending) this.ended(ending, session, attempt);
    return true;
  }

  /** connect leads into the call. It gives what came in between, or null when it led there, or was given up on the way. */
  private async connect(session: Session, attempt: AbortSignal): Promise<Ending | null> {
    const { invitation } = session;
    const key = invitation.e2ee ? keyOf(this.around.fragment()) : null;
    if (invitation.e2ee && !key && !invitation.admits) return { why: 'nokey' };
    const loaded = await this.around.loadCall().catch(() => null);
    if (attempt.aborted) return null;
    if (!loaded) return { why: 'unavailable' };
    const entered = await loaded
      .enterCall({
        session,
        key,
        preview: this.preview,
        keepKey: (made) => this.around.replace(this.around.path() + fragmentOf(made)),
        ended: (ending) => attempt.aborted || this.ended(ending, session, attempt),
      })
      .catch((error: unknown): Ending => {
        console.error(error); // refusals and networks do not come here: this is a fault of the page
        return { why: 'unavailable' };
      });
    if (attempt.aborted) {
      if (!('why' in entered)) entered.leave();
      return null;
    }
    if ('why' in entered) return entered;
    this.preview?.stop(); // one that came too late for the call to take over
    this.preview = null;
    this.show({ screen: 'call', invitation, call: entered });
    return null;
  }

  /** comeBack goes back into a call whose server went away, with its token, or by the door when that has run out. */
  private async comeBack(lost: Session) {
    const attempt = this.begin();
    this.show({ screen: 'loading', why: 'lost' });
    let session = lost;
    const done = await untilBack(async () => {
      const ending = await this.connect(session, attempt);
      if (attempt.aborted || !ending) return true;
      if (ending.why === 'unavailable') return false;
      if (ending.why !== 'stale' || session !== lost) {
        this.ended(ending, session, attempt);
        return true;
      }
      const entry = await this.ask(session.door, session.name, attempt);
      if (attempt.aborted) return true;
      if (entry.kind === 'refused' && passing(entry.status)) return false;
      if (entry.kind === 'admitted') {
        session = { ...session, ...placeOf(entry.admission) };
        this.take(session);
        return false; // the next try is with this one
      }
      this.forget();
      void this.asked(entry, session.name, session.invitation, attempt);
      return true;
    }, attempt);
    if (!done && !attempt.aborted) this.message('unavailable');
  }

  /** ended is where every call ends, for whatever reason, and every try to get into one. */
  private ended(ending: Ending, session: Session, attempt: AbortSignal) {
    switch (ending.why) {
      case 'suspended':
        // The page is being left, and the session is for coming back. Some
        // browsers say so when it stays after all: then this goes back in.
        setTimeout(() => attempt.aborted || void this.start(), suspendedForMs);
        return;
      case 'lost':
        return void this.comeBack(session);
      case 'stale':
        this.forget();
        return this.message('unavailable');
      case 'removed':
      case 'ended':
        this.forget();
        break;
      case 'left':
        // Not to be walked back in by a reload, but free to come back with what they have.
        keepSession({ ...session, left: true });
        break;
    }
    // In all other cases the session stays: "Try again" goes in with it, and uses up nothing.
    this.message(ending.why);
  }

  private invited(invitation: Invitation) {
    const key = keyOf(this.around.fragment());
    if (invitation.e2ee && !this.around.encryption()) return this.message('unsupported', { encryption: true });
    if (invitation.e2ee && !key && !invitation.admits) return this.message('nokey');
    this.toPrejoin(invitation);
    const request = this.door && keptRequest(this.door);
    if (request?.waiting) void this.wait(request.requestId, request.name, invitation, this.begin());
  }

  private toPrejoin(invitation: Invitation) {
    const keyMissing = invitation.e2ee && !keyOf(this.around.fragment());
    const name = (this.door && keptSession(this.door)?.name) ?? readChoices().name;
    this.show({ screen: 'prejoin', invitation, name, joining: false, keyMissing });
  }

  private refused(refusal: Refusal, step: Step) {
    if (!this.door) return;
    const outcome = outcomeOf(refusal, step, this.door);
    if (outcome.show === 'refused' || outcome.show === 'ended') this.forget();
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
    this.show({ screen: 'message', message, seconds: more.seconds ?? 0, encryption: more.encryption ?? false });
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

/** isShut says that a link does not lead anywhere, whoever asks. */
function isShut(answer: Entry): boolean {
  return answer.kind === 'refused' && (answer.status === 401 || answer.status === 404);
}

/** placeOf is the part of a session that an admission gives. */
function placeOf({ token, livekit_url, identity }: Admission) {
  return { token, livekitUrl: livekit_url, identity };
}
