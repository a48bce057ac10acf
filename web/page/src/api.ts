// The page's calls of the server. Every failure is a Refusal with the HTTP
// status; status 0 says that the server was not reached.

import type { JoinLink } from './code';

/** Source is something that can be published, in LiveKit's words. */
export type Source = 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio';

/** Invitation says what a link leads to. */
export interface Invitation {
  room_name: string;
  role: string;
  publish: Source[];
  chat: boolean;
  e2ee: boolean;
  waits: boolean;
  admits: boolean;
  /** livekit_inside says that signalling is at the server that answered. */
  livekit_inside: boolean;
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

export type Refusal = { kind: 'refused'; status: number; retryAfterMs: number };
export type Waiting = { kind: 'waiting'; requestId: string; retryAfterMs: number };
export type JoinAnswer = { kind: 'admitted'; admission: Admission } | Waiting | Refusal;
export type Answered<T> = { kind: 'answered'; value: T } | Refusal;

/** Entering is what a person sends to join. */
export interface Entering {
  name: string;
  requestId?: string;
  /** joinToken is one that was given before: it proves that this is who the request has let in. */
  joinToken?: string | undefined;
  /** hold asks the server to keep the call until somebody has answered. */
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
  hold?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** lookUp asks what a link leads to. It uses up nothing. */
export async function lookUp(link: JoinLink, accessToken?: string): Promise<Answered<Invitation>> {
  const body = link.kind === 'code' ? { code: link.code } : { room: link.room };
  return answered<Invitation>(await post({ path: '/page/invitation', body, bearer: link.kind === 'room' ? accessToken : undefined }));
}

/** enter asks for a token; the answer may be that somebody has to let the person in first. */
export async function enter(link: JoinLink, who: Entering, accessToken?: string, signal?: AbortSignal): Promise<JoinAnswer> {
  const said = { name: who.name, ...(who.requestId ? { request_id: who.requestId } : {}), ...(who.joinToken ? { join_token: who.joinToken } : {}) };
  const reply =
    link.kind === 'code'
      ? await post({ path: '/v2/token', body: { code: link.code, ...said }, hold: who.hold, signal })
      : await post({ path: '/page/join', body: { room: link.room, ...said }, bearer: accessToken, hold: who.hold, signal });
  if (reply.status === 200) return { kind: 'admitted', admission: reply.body as Admission };
  if (reply.status === 202) {
    const waiting = reply.body as { request_id: string; retry_after_ms?: number };
    return { kind: 'waiting', requestId: waiting.request_id, retryAfterMs: waiting.retry_after_ms ?? 2000 };
  }
  return refusal(reply);
}

/**
 * JoinRequests is the list of who waits, and what to send to be told when it
 * changes. Nothing is told to a host who is not inside just now.
 */
export interface JoinRequests {
  inside: boolean;
  requests: JoinRequest[];
  version: string;
}

/** joinRequests lists who waits. With a version it is held until the list differs from it. */
export async function joinRequests(joinToken: string, version: string | undefined, signal?: AbortSignal): Promise<Answered<JoinRequests>> {
  const held = version !== undefined;
  return answered<JoinRequests>(await post({ path: '/page/requests', body: held ? { version } : {}, bearer: joinToken, hold: held, signal }));
}

/** answerJoinRequest lets somebody in, or refuses them. */
export async function answerJoinRequest(joinToken: string, requestId: string, approve: boolean): Promise<Answered<unknown>> {
  return answered(await post({ path: '/page/requests/answer', body: { request_id: requestId, approve }, bearer: joinToken }));
}

interface Reply {
  status: number;
  retryAfterMs: number;
  body: unknown;
}

function answered<T>(reply: Reply): Answered<T> {
  return reply.status === 200 ? { kind: 'answered', value: reply.body as T } : refusal(reply);
}

function refusal(reply: Reply): Refusal {
  return { kind: 'refused', status: reply.status, retryAfterMs: reply.retryAfterMs };
}

async function post({ path, body, bearer, hold, signal }: Call): Promise<Reply> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (hold) headers.Prefer = `wait=${holdSeconds}`;
  const request: RequestInit = { method: 'POST', headers, body: JSON.stringify(body), credentials: 'omit', referrerPolicy: 'no-referrer' };
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
  return { status: response.status, retryAfterMs: retryAfter > 0 ? retryAfter * 1000 : 0, body: answer };
}

const unreached: Reply = { status: 0, retryAfterMs: 0, body: null };

/** deadlineOf ends with a signal, or after a time. By hand: AbortSignal.any is newer than the browsers that people have. */
function deadlineOf(ms: number, signal: AbortSignal | undefined): { signal: AbortSignal; clear(): void } {
  const deadline = new AbortController();
  const end = () => deadline.abort();
  const timer = setTimeout(end, ms);
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();
  return {
    signal: deadline.signal,
    clear: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    },
  };
}
