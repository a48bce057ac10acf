// The page's calls of the server. Every failure is a Refusal with the HTTP
// status; status 0 says that the server was not reached.

import type { JoinLink } from './code';
import { deadlineOf } from './deadline';

/** Source is something that can be published, in LiveKit's words. */
export type Source = 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio';

/** Invitation says what a link leads to. */
export interface Invitation {
  room_name: string;
  title?: string;
  /** starts_at is there while the room has not started. */
  starts_at?: string;
  /** early says that this person may go in before. */
  early?: boolean;
  role: string;
  publish: Source[];
  chat: boolean;
  e2ee: boolean;
  /** keep_chat says that what is written in the chat is kept. */
  keep_chat?: boolean;
  waits: boolean;
  admits: boolean;
  /** hosts says that the person may do something to others inside. */
  hosts: boolean;
  /** sign_in is there where people may sign in, or have to. */
  sign_in?: SignIn;
  /** livekit_inside says that signalling is at the server that answered. */
  livekit_inside: boolean;
}

/** SignIn is how people may sign in, and who has. */
export interface SignIn {
  required: boolean;
  /** as is the proved name of who has signed in. */
  as?: string;
  /** ways are identity providers. The path of the page goes at the end of a url. */
  ways: { name: string; url: string }[];
}

/** Admission is a token for the media room. */
export interface Admission {
  token: string;
  livekit_url: string;
  identity: string;
  e2ee: boolean;
}

/** JoinRequest is somebody who waits to be let in. */
export interface JoinRequest {
  request_id: string;
  name: string;
  /** user_id is as they typed it, unless verified. */
  user_id?: string;
  /** verified says that an access token proved who they are. */
  verified?: boolean;
  /** label is that of the code they came by. */
  label?: string;
  created_at: string;
}

/** reason tells refusals of one status apart. */
export type Refusal = { kind: 'refused'; status: number; retryAfterMs: number; reason?: string };
/** Waiting is for a host, or before startsAt for the start: nobody was asked yet then, and requestId is empty. */
export type Waiting = { kind: 'waiting'; requestId: string; startsAt?: string; retryAfterMs: number };
export type JoinAnswer = { kind: 'admitted'; admission: Admission } | Waiting | Refusal;
export type Answered<T> = { kind: 'answered'; value: T } | Refusal;

/** Entering is what a person sends to join. */
export interface Entering {
  name: string;
  requestId?: string;
  /** joinToken is one that was given before: it proves that this is who the request has let in. */
  joinToken?: string | undefined;
  /** hold asks the server to keep the call until somebody has answered, or the room starts. */
  hold?: boolean;
}

const holdSeconds = 25;
// Longer than the server holds a call, so that only a dead connection ends it.
const callTimeoutMs = 15_000;
const heldTimeoutMs = (holdSeconds + 15) * 1000;

interface Call {
  path: string;
  body: unknown;
  bearer?: string | undefined;
  /** person sends along who has signed in. */
  person?: boolean;
  hold?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** lookUp asks what a link leads to. It uses up nothing. */
export async function lookUp(link: JoinLink, accessToken?: string): Promise<Answered<Invitation>> {
  return answered<Invitation>(await post({ path: '/page/invitation', body: bodyOf(link), bearer: link.kind === 'room' ? accessToken : undefined, person: true }));
}

/** signOut forgets who has signed in. */
export const signOut = () => post({ path: '/page/sign-out', body: {}, person: true });

const bodyOf = (link: JoinLink) => (link.kind === 'code' ? { code: link.code } : { room: link.room });

/** Inside is who is in a room already: how many, and the names of some. */
export interface Inside {
  names: string[];
  count: number;
}

/** whoIsInside asks who is in the room behind a link. Nobody is told who has to wait before they get in. */
export async function whoIsInside(link: JoinLink, accessToken?: string): Promise<Answered<Inside>> {
  return answered<Inside>(await post({ path: '/page/inside', body: bodyOf(link), bearer: link.kind === 'room' ? accessToken : undefined }));
}

/** enter asks for a token; the answer may be that somebody has to let the person in first. */
export async function enter(link: JoinLink, who: Entering, accessToken?: string, signal?: AbortSignal): Promise<JoinAnswer> {
  const said = { name: who.name, ...(who.requestId ? { request_id: who.requestId } : {}), ...(who.joinToken ? { join_token: who.joinToken } : {}) };
  const reply =
    link.kind === 'code'
      ? await post({ path: '/v2/token', body: { code: link.code, ...said }, person: true, hold: who.hold, signal })
      : await post({ path: '/page/join', body: { room: link.room, ...said }, bearer: accessToken, person: true, hold: who.hold, signal });
  if (reply.status === 200) return { kind: 'admitted', admission: reply.body as Admission };
  if (reply.status === 202) {
    const waiting = reply.body as { request_id?: string; starts_at?: string; retry_after_ms?: number };
    const { request_id: requestId = '', starts_at: startsAt, retry_after_ms: retryAfterMs = 2000 } = waiting;
    return { kind: 'waiting', requestId, ...(startsAt && { startsAt }), retryAfterMs };
  }
  return refusal(reply);
}

/** HostRight is something that a host may do to others inside. */
export type HostRight = 'admit' | 'mute' | 'video' | 'lock' | 'remove' | 'block' | 'end' | 'invite' | 'role' | 'rename';

/** HostAction is what a host does: to one person, or to the room. */
export type HostAction =
  | 'mute'
  | 'stop_camera'
  | 'stop_screen_share'
  | 'lock'
  | 'unlock'
  | 'remove'
  | 'block'
  | 'make_host'
  | 'make_guest'
  | 'rename'
  | 'lower_hand'
  | 'mute_everyone'
  | 'lock_room'
  | 'unlock_room'
  | 'end';

/**
 * HostView is what a host inside sees of the room beside the call, and what to
 * send to be told when it changes. Nothing is told to a host who is not inside
 * just now.
 */
export interface HostView {
  inside: boolean;
  rights: HostRight[];
  room_locked: boolean;
  locked_for_all: Source[];
  /** locked and admins are identities. */
  locked: string[];
  admins: string[];
  /** roles are those in which the host may invite. */
  roles: string[];
  requests: JoinRequest[];
  version: string;
}

/** hostView shows a host the room. With a version it is held until the view differs from it. */
export async function hostView(joinToken: string, version: string | undefined, signal?: AbortSignal): Promise<Answered<HostView>> {
  const held = version !== undefined;
  return answered<HostView>(await post({ path: '/page/requests', body: held ? { version } : {}, bearer: joinToken, hold: held, signal }));
}

/** moderate does something to a person inside, or to the room where there is no identity. name is what rename gives them. */
export async function moderate(joinToken: string, action: HostAction, identity = '', name?: string): Promise<Answered<unknown>> {
  return answered(await post({ path: '/page/moderate', body: { action, identity, name }, bearer: joinToken }));
}

/** answerJoinRequest lets somebody in, or refuses them. */
export async function answerJoinRequest(joinToken: string, requestId: string, approve: boolean): Promise<Answered<unknown>> {
  return answered(await post({ path: '/page/requests/answer', body: { request_id: requestId, approve }, bearer: joinToken }));
}

/** raiseHand has everybody inside know that a hand is up, or not any more. */
export async function raiseHand(joinToken: string, raised: boolean): Promise<Answered<unknown>> {
  return answered(await post({ path: '/page/hand', body: { raised }, bearer: joinToken }));
}

/** Invite is a code to hand out, and its link. */
export interface Invite {
  code: string;
  role: string;
  join_url: string;
}

/** invite gives the code of a role to hand out. */
export async function invite(joinToken: string, role: string): Promise<Answered<Invite>> {
  return answered<Invite>(await post({ path: '/page/invite', body: { role }, bearer: joinToken }));
}

interface Reply {
  status: number;
  reason: string;
  retryAfterMs: number;
  body: unknown;
}

function answered<T>(reply: Reply): Answered<T> {
  return reply.status === 200 ? { kind: 'answered', value: reply.body as T } : refusal(reply);
}

function refusal(reply: Reply): Refusal {
  return { kind: 'refused', status: reply.status, retryAfterMs: reply.retryAfterMs, ...(reply.reason && { reason: reply.reason }) };
}

async function post({ path, body, bearer, person, hold, signal }: Call): Promise<Reply> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (hold) headers.Prefer = `wait=${holdSeconds}`;
  const request: RequestInit = { method: 'POST', headers, body: JSON.stringify(body), credentials: person ? 'same-origin' : 'omit', referrerPolicy: 'no-referrer' };
  const deadline = deadlineOf(hold ? heldTimeoutMs : callTimeoutMs, signal);
  let response: Response;
  let answer: unknown;
  // Only fetch in here: what this catches is a failure of the network, or of another server.
  try {
    response = await fetch(path, { ...request, signal: deadline.signal });
    // The status says why. The body is for programs.
    answer = response.status === 200 || response.status === 202 ? await response.json() : {};
  } catch {
    return unreached;
  } finally {
    deadline.clear();
  }
  if (typeof answer !== 'object' || answer === null) return unreached;
  const retryAfter = Number(response.headers.get('Retry-After'));
  const reason = response.headers.get('Roomkey-Reason') ?? '';
  return { status: response.status, reason, retryAfterMs: retryAfter > 0 ? retryAfter * 1000 : 0, body: answer };
}

const unreached: Reply = { status: 0, reason: '', retryAfterMs: 0, body: null };
