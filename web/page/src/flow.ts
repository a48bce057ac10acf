// The way through the page: which screen is shown, and what leads from one to
// the next. Screens only show a State and call methods of the Flow.

import { type Admission, type JoinAnswer, type Invitation, type Refusal, lookUp, whoIsInside } from './api';
import { type For, ask, untilLetIn } from './asking';
import { untilBack } from './back';
import type { Ending } from './call/enter';
import { type JoinLink, asksForCode, linkIn, linkOf, pathOf } from './code';
import { fragmentOf, keyIn, keyOf } from './key';
import type { Preview } from './media/preview';
import { cleanName } from './names';
import { type Step, isObstacle, isShut, outcomeOf } from './outcome';
import type { Surroundings } from './state';
import { Seat } from './seat';
import { Shown } from './shown';
import { type StoredCall, isOver, keepAccessToken, keepOver, keepRequest, keptAccessToken, keptRequest, placeOf, storeCall, storedCall } from './stored';
import { keepChoices, readChoices } from './storage';
import { type MessageKind, text } from './text';
import { passing } from './waiting';

// A page that is still there so long after the browser said it would go has stayed.
const suspendedForMs = 2000;

export class Flow extends Shown {
  private link: JoinLink | null = null;
  private readonly seat = new Seat();
  // What an older attempt still does is ignored.
  private attempt = new AbortController();
  // The person knows that the room is not encrypted though their link has a key.
  private plain = false;

  /** preview holds the tracks that were made before joining; the call takes them over. */
  preview: Preview | null = null;

  constructor(private readonly around: Surroundings) {
    super();
  }

  /** start goes into the call, back to waiting, or to the form with the name. Somebody who left is not brought back without asking. */
  start = this.guards(async (wanted = false) => {
    const attempt = this.begin();
    const path = this.around.path();
    this.link = linkOf(path);
    if (!this.link && !asksForCode(path)) return this.message('link');
    if (!this.around.webrtc()) return this.message('unsupported');
    if (!this.link) return this.show({ screen: 'code', room: '', checking: false, problem: 'none' });
    this.show({ screen: 'loading', why: 'looking' });

    const stored = storedCall(this.link);
    if (stored && (wanted || !stored.left)) {
      if (!stored.plain && this.lacksEncryption(stored.invitation)) return this.message('plain');
      this.show({ screen: 'loading', why: 'returning' });
      if (await this.back(stored, attempt)) return;
    }
    const asked = lookUp(this.link, keptAccessToken());
    readChoices(); // the first look into the browser's storage takes long, and it is needed with the answer
    const reply = await asked;
    if (attempt.aborted) return;
    if (reply.kind === 'answered') return this.invited(reply.value);
    // A link for one person was used up by the person who left. They may come back.
    const left = storedCall(this.link);
    if (left?.left && isShut(reply)) return this.invited(left.invitation);
    this.refused(reply, 'lookup');
  });

  /** useCode goes on with a code that was typed, or with a link that was pasted in its place. */
  useCode = this.guards(async (typed: string) => {
    const room = this.roomAskedFor();
    const link = linkIn(typed);
    if (!link || (link.kind === 'room' && link.room === room)) return this.show({ screen: 'code', room, checking: false, problem: 'malformed' });
    const key = typed.includes('#') ? keyIn(typed) : null;
    const address = pathOf(link) + (key ? fragmentOf(key) : this.around.fragment());
    if (link.kind === 'room') {
      this.around.replace(address);
      return this.start();
    }
    const attempt = this.begin();
    this.show({ screen: 'code', room, checking: true, problem: 'none' });
    const reply = await lookUp(link);
    if (attempt.aborted) return;
    if (reply.kind === 'refused' && reply.status === 404) return this.show({ screen: 'code', room, checking: false, problem: 'code' });
    if (reply.kind === 'refused') {
      this.link ??= link;
      return this.refused(reply, 'lookup');
    }
    this.link = link;
    this.around.replace(address);
    this.invited(reply.value);
  });

  /** useAccessToken continues as the bearer of the token. */
  useAccessToken = this.guards(async (token: string) => {
    if (this.link?.kind !== 'room') return;
    const { room } = this.link;
    const attempt = this.begin();
    this.show({ screen: 'code', room, checking: true, problem: 'none' });
    const reply = await lookUp(this.link, token);
    if (attempt.aborted) return;
    if (reply.kind === 'refused' && reply.status === 401) return this.show({ screen: 'code', room, checking: false, problem: 'token' });
    if (reply.kind === 'refused') return this.refused(reply, 'lookup');
    keepAccessToken(token);
    this.invited(reply.value);
  });

  /** useKey takes the key out of a pasted link; false when there is none in it. */
  useKey(pasted: string): boolean {
    const key = keyIn(pasted);
    if (!key) return false;
    this.around.replace(this.around.path() + fragmentOf(key));
    void this.start();
    return true;
  }

  /** join enters under a name, or asks to be let in. */
  join = this.guards(async (typedName: string) => {
    const name = cleanName(typedName);
    if (this.current.screen !== 'prejoin' || this.current.joining || !this.link || name === '') return;
    const { link } = this;
    const { invitation } = this.current;
    const attempt = this.begin();
    this.around.loadCall().catch(() => {}); // before the server is asked; connect tells of a failure
    this.show({ ...this.current, joining: true });
    keepChoices({ name });
    const stored = storedCall(link);
    const { microphone, camera } = readChoices();
    const left = stored?.left ? { ...stored, microphone, camera } : null;
    if (left?.name === name && (await this.back(left, attempt))) return;
    if (attempt.aborted) return;
    const answer = await ask(link, name, attempt);
    if (attempt.aborted) return;
    // Another name needs another token. If the link gives none any more, the old token still works.
    if (left && left.name !== name && isShut(answer) && (await this.back(left, attempt))) return;
    if (attempt.aborted) return;
    await this.asked(answer, name, invitation, attempt);
  });

  /** cancel stops waiting. The request stays, and joining under the same name continues it. */
  cancel() {
    this.begin();
    const request = this.link && keptRequest(this.link);
    if (request) keepRequest({ ...request, waiting: false });
    if (this.current.screen === 'waiting') this.toPrejoin(this.current.invitation);
  }

  /** leave ends the call because the person wants to, also while it is being brought back, or after a failure. */
  leave() {
    if (this.current.screen === 'call') return this.current.call.leave();
    if (this.current.screen !== 'message' && this.current.screen !== 'loading') return;
    const attempt = this.begin();
    const stored = this.link && storedCall(this.link);
    if (stored) this.ended({ why: 'left' }, stored, attempt);
    else this.message('left');
  }

  /** again starts over from a message, because the person wants to. */
  again() {
    const stored = this.link && storedCall(this.link);
    if (this.at('broken')) {
      // Only a reload helps: the browser does not load a file again that it could not load once.
      if (stored) storeCall({ ...stored, left: false });
      return this.around.reload();
    }
    if (this.at('plain')) this.plain = true;
    void this.start(true);
  }

  /** broke is called when the page itself fails. The call ends: nobody may be seen or heard through a page that shows nothing. */
  broke() {
    const { current } = this;
    this.begin(); // from here on, events of the call are ignored
    this.message('broken');
    if (current.screen !== 'call') return;
    storeCall({ ...current.call.stored, left: true }); // a reload does not lead into the same fault by itself
    current.call.leave();
  }

  /** fault reports an error that nothing has caught. The call may still work. */
  fault() {
    if (this.current.screen === 'call') this.current.call.notices.tell(text.notice.fault, { topic: 'fault', tone: 'warning' });
  }

  private guards<Arguments extends unknown[]>(work: (...given: Arguments) => Promise<void>) {
    return (...given: Arguments) => this.guarded(work(...given));
  }

  private async guarded(work: Promise<void>) {
    try {
      await work;
    } catch (error) {
      console.error(error); // a fault of the page, or a part of it that could not be loaded; refusals do not come here
      this.broke();
    }
  }

  /** asked continues with the server's answer to joining. */
  private async asked(answer: JoinAnswer, name: string, invitation: Invitation, attempt: AbortSignal) {
    if (!this.link) return;
    if (answer.kind === 'refused') return this.refused(answer, 'entering');
    if (answer.kind === 'admitted') return this.admitted(answer.admission, name, invitation, attempt);
    await this.wait(answer, name, invitation, attempt);
  }

  private async wait(first: For, name: string, invitation: Invitation, attempt: AbortSignal) {
    const { link } = this;
    if (!link) return;
    const waitsFor = ({ requestId, startsAt }: For) => {
      keepRequest({ link, requestId, name, waiting: true });
      if (requestId || startsAt) this.show({ screen: 'waiting', invitation, ...(startsAt && { startsAt }) });
      else this.show({ screen: 'loading', why: 'looking' }); // the start has come while the page was away
    };
    waitsFor(first);
    const answer = await untilLetIn(link, name, first, attempt, waitsFor);
    if (!answer || attempt.aborted) return;
    if (answer.kind === 'admitted') return this.admitted(answer.admission, name, invitation, attempt);
    keepRequest(null);
    this.refused(answer, 'waiting');
  }

  private async admitted(admission: Admission, name: string, invitation: Invitation, attempt: AbortSignal) {
    if (!this.link) return;
    const request = keptRequest(this.link);
    if (request?.name === name) keepRequest({ ...request, joinToken: admission.token });
    const { microphone, camera } = readChoices();
    const now = { ...invitation, e2ee: admission.e2ee }; // the setting may have changed while the person typed their name
    const stored: StoredCall = { ...placeOf(admission, now, this.around.signalling()), link: this.link, invitation: now, name, microphone, camera, left: false, plain: this.plain };
    this.seat.take(stored);
    if (now.e2ee && !this.around.encryption()) return this.message('unsupported', { encryption: true });
    if (!now.e2ee && !this.plain && (invitation.e2ee || this.lacksEncryption(now))) return this.message('plain');
    const ending = await this.connect(stored, attempt);
    if (ending) this.ended(ending, stored, attempt);
  }

  /** back enters with the stored call; false when another tab uses it, or its token is no longer valid. */
  private async back(kept: StoredCall, attempt: AbortSignal): Promise<boolean> {
    const held = await this.seat.takeAgain(kept.identity, this.around.reloaded(), attempt);
    if (attempt.aborted) return true;
    if (!held) {
      keepRequest(null); // a copy of the tab: the approval is the other tab's
      return false;
    }
    const stored = { ...kept, left: false, plain: kept.plain || this.plain };
    storeCall(stored);
    const ending = await this.connect(stored, attempt);
    if (ending?.why === 'stale') {
      this.seat.leave();
      return false;
    }
    if (ending) this.ended(ending, stored, attempt);
    return true;
  }

  /** connect enters the call. It gives the reason for a failure; null when it succeeded or was cancelled. It rejects when a part of the page cannot be loaded. */
  private async connect(stored: StoredCall, attempt: AbortSignal): Promise<Ending | null> {
    const { invitation } = stored;
    const key = invitation.e2ee ? keyOf(this.around.fragment()) : null;
    if (invitation.e2ee && !key && !invitation.admits) return { why: 'nokey' };
    const loaded = await this.around.loadCall().catch((error: unknown) => (attempt.aborted ? null : Promise.reject(error)));
    if (!loaded || attempt.aborted) return null;
    const { preview } = this;
    const entered = await loaded
      .enterCall({
        stored, key, preview,
        keepKey: (made) => this.around.replace(this.around.path() + fragmentOf(made)),
        ended: (ending) => attempt.aborted || this.ended(ending, stored, attempt),
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
    if (this.preview !== preview) this.preview?.stop(); // it came too late for the call to take over, or to stop
    this.preview = null;
    keepOver(null);
    this.show({ screen: 'call', invitation, call: entered, CallScreen: loaded.CallScreen });
    return null;
  }

  /** comeBack enters a call again after its server went away: with the token, or by joining anew when the token has expired. */
  private async comeBack(lost: StoredCall) {
    const attempt = this.begin();
    this.show({ screen: 'loading', why: 'lost' });
    let stored = lost;
    let last: Ending = { why: 'unavailable' };
    const again = (because: Ending) => {
      last = because;
      return false;
    };
    const done = await untilBack(async () => {
      const ending = await this.connect(stored, attempt);
      if (attempt.aborted || !ending) return true;
      if (isObstacle(ending.why)) return again(ending);
      if (ending.why !== 'stale' || stored !== lost) {
        this.ended(ending, stored, attempt);
        return true;
      }
      // A foreign LiveKit does not say who was removed, so nobody is brought back without asking.
      if (!stored.invitation.livekit_inside) {
        this.seat.leave();
        void this.start();
        return true;
      }
      const answer = await ask(stored.link, stored.name, attempt);
      if (attempt.aborted) return true;
      if (answer.kind === 'refused' && passing(answer.status)) return again({ why: answer.status === 0 ? 'unreached' : 'unavailable' });
      if (answer.kind === 'admitted') {
        // A call that was encrypted stays encrypted: nothing is sent in the clear without the person's knowledge.
        stored = { ...stored, ...placeOf(answer.admission, stored.invitation, this.around.signalling()) };
        this.seat.take(stored);
        return false; // the next try is with this one
      }
      this.seat.leave();
      void this.guarded(this.asked(answer, stored.name, stored.invitation, attempt));
      return true;
    }, attempt);
    if (!done && !attempt.aborted) this.ended(last, stored, attempt);
  }

  /** ended is called at the end of every call, and of every failed try to enter one. */
  private ended(ending: Ending, stored: StoredCall, attempt: AbortSignal) {
    switch (ending.why) {
      case 'suspended':
        // The page is being left, and the stored call is for coming back. Some
        // browsers say so when it stays after all: then this goes back in.
        setTimeout(() => attempt.aborted || void this.start(), suspendedForMs);
        return;
      case 'lost':
        return void this.guarded(this.comeBack(stored));
      case 'stale':
        this.seat.leave();
        return this.message('unavailable');
      case 'removed':
      case 'ended':
        this.seat.leave();
        if (ending.why === 'ended') keepOver(stored.link);
        break;
      case 'left':
        // A reload does not bring them back; the button does, with the same stored call.
        storeCall({ ...stored, left: true });
        break;
    }
    // In all other cases the stored call stays: "Try again" goes in with it, and uses up nothing.
    this.message(ending.why, ending.said ? { said: ending.said } : {});
  }

  private invited(invitation: Invitation) {
    const key = keyOf(this.around.fragment());
    if (invitation.e2ee && !this.around.encryption()) return this.message('unsupported', { encryption: true });
    if (invitation.e2ee && !key && !invitation.admits) return this.message('nokey');
    if (this.lacksEncryption(invitation)) return this.message('plain');
    this.toPrejoin(invitation);
    const request = this.link && keptRequest(this.link);
    if (!request?.waiting) return;
    const { requestId, name } = request;
    const { starts_at: startsAt } = invitation;
    void this.guarded(this.wait({ requestId, ...(!requestId && startsAt && { startsAt }) }, name, invitation, this.begin()));
  }

  /** lacksEncryption says that the link has a key, the room is not encrypted, and the person does not know yet. */
  private lacksEncryption = (invitation: Invitation) => !this.plain && !invitation.e2ee && keyOf(this.around.fragment()) !== null;

  private toPrejoin(invitation: Invitation) {
    const keyMissing = invitation.e2ee && !keyOf(this.around.fragment());
    const name = (this.link && storedCall(this.link)?.name) ?? readChoices().name;
    this.show({ screen: 'prejoin', invitation, name, joining: false, keyMissing });
  }

  private refused(refusal: Refusal, step: Step) {
    if (!this.link) return;
    const outcome = outcomeOf(refusal, step, this.link);
    if (outcome.show === 'link' && isOver(this.link)) outcome.show = 'ended';
    if (refusal.status === 403 || outcome.show === 'ended') this.seat.leave();
    if (outcome.show !== 'code') return this.message(outcome.show, outcome.seconds ? { seconds: outcome.seconds } : {});
    keepAccessToken(null);
    this.show({ screen: 'code', room: this.roomAskedFor(), checking: false, problem: outcome.problem });
  }

  /** calendar is the address of the room's entry for calendars; null where there is none. */
  calendar = () => (this.link?.kind === 'code' ? `${pathOf(this.link)}/event.ics` : null);

  /** inside asks who is in the room already. */
  inside = async () => this.link && whoIsInside(this.link, keptAccessToken());

  private roomAskedFor = () => (this.link?.kind === 'room' ? this.link.room : '');

  private message(message: MessageKind, more: { seconds?: number; encryption?: boolean; said?: string } = {}) {
    this.preview?.stop();
    this.preview = null;
    this.show({ screen: 'message', message, seconds: more.seconds ?? 0, encryption: more.encryption ?? false, ...(more.said && { said: more.said }) });
  }

  private begin(): AbortSignal {
    this.attempt.abort();
    this.attempt = new AbortController();
    return this.attempt.signal;
  }
}
