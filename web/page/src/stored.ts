// Staying in the call over a reload: what a tab has to know to be back without
// asking again, and how it finds out that it is a copy of another tab.

import type { Admission, Invitation } from './api';
import { type JoinLink, sameLink } from './code';
import { tabStore } from './storage';

/** StoredCall is a call that this tab was admitted to, and may go back into for as long as its token counts. */
export interface StoredCall {
  link: JoinLink;
  invitation: Invitation;
  token: string; // the newest
  livekitUrl: string;
  identity: string;
  name: string;
  microphone: boolean;
  camera: boolean;
  /** left says that the person went out themselves: they come back when they say so, not by a reload. */
  left: boolean;
  /** plain says that the person knows that the room is not encrypted though their link has a key. */
  plain: boolean;
}

/** placeOf is the part of a stored call that an admission gives. signalling is where the page reaches the LiveKit inside. */
export function placeOf({ token, livekit_url, identity }: Admission, { livekit_inside }: Invitation, signalling: string) {
  // The server's own name for itself may be another than that by which the page has reached it.
  return { token, livekitUrl: livekit_inside ? signalling : livekit_url, identity };
}

const fragmentKey = 'roomkey.fragment';

/** keepFragment remembers the end of a link while the person is elsewhere to sign in: it has the key of an encrypted room. */
export function keepFragment(path: string, fragment: string) {
  tabStore.write(fragmentKey, fragment ? { path, fragment } : null);
}

/** takeFragment gives what was remembered of a path, once; empty if nothing was. */
export function takeFragment(path: string): string {
  const kept = tabStore.read(fragmentKey) as { path?: unknown; fragment?: unknown } | null;
  tabStore.write(fragmentKey, null);
  return kept?.path === path && typeof kept.fragment === 'string' ? kept.fragment : '';
}

const callKey = 'roomkey.call';
// A token that ends while the connection is being made is of no use.
const spareMs = 5000;

/** storeCall remembers the call; null forgets it. */
export function storeCall(stored: StoredCall | null) {
  tabStore.write(callKey, stored);
}

/** storedCall gives the call that this tab was in through the same link, if its token still counts. */
export function storedCall(link: JoinLink, now: number = Date.now()): StoredCall | null {
  const kept = tabStore.read(callKey) as StoredCall | null;
  if (!kept?.token || !kept.link || !kept.invitation || !sameLink(kept.link, link)) return null;
  const expires = expiryOf(kept.token);
  return expires !== null && expires - spareMs > now ? kept : null;
}

/** expiryOf reads when a token ends, in milliseconds; null when it cannot be read. It proves nothing. */
export function expiryOf(token: string): number | null {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : null;
  } catch {
    return null;
  }
}

/** Claim is held while this tab uses an identity. */
export interface Claim {
  release(): void;
}

// After a reload the page before this one may still be letting go, on a busy machine for seconds.
const reloadPatienceMs = 10_000;
const copyAnswerMs = 150;

/**
 * claim takes an identity for this tab, and gives null when another tab has
 * it: a duplicated tab comes with a copy of the stored call, but two tabs with one
 * link are two participants.
 */
export async function claim(identity: string, reloaded: boolean): Promise<Claim | null> {
  const name = `roomkey.identity.${identity}`;
  // Locks are only there where the origin is secure.
  return navigator.locks ? claimByLock(name, reloaded) : claimByAsking(name);
}

function claimByLock(name: string, reloaded: boolean): Promise<Claim | null> {
  return new Promise((resolve) => {
    const hold = (lock: Lock | null) => {
      if (!lock) return resolve(null);
      return new Promise<void>((release) => resolve({ release }));
    };
    const patience = new AbortController();
    setTimeout(() => patience.abort(), reloadPatienceMs); // a lock that was granted stays
    const options: LockOptions = reloaded ? { signal: patience.signal } : { ifAvailable: true };
    navigator.locks.request(name, options, hold).catch(() => resolve(null));
  });
}

function claimByAsking(name: string): Promise<Claim | null> {
  if (typeof BroadcastChannel === 'undefined') return Promise.resolve({ release: () => {} });
  const channel = new BroadcastChannel(name);
  return new Promise((resolve) => {
    const held = setTimeout(() => {
      channel.onmessage = (event) => event.data === 'free?' && channel.postMessage('taken');
      resolve({ release: () => channel.close() });
    }, copyAnswerMs);
    channel.onmessage = (event) => {
      if (event.data !== 'taken') return;
      clearTimeout(held);
      channel.close();
      resolve(null);
    };
    channel.postMessage('free?');
  });
}

interface KeptRequest {
  link: JoinLink;
  /** requestId is empty before the room starts. */
  requestId: string;
  name: string;
  waiting: boolean;
  /** joinToken is the one that its approval brought. */
  joinToken?: string;
}

const requestKey = 'roomkey.request';

/** keepRequest remembers a join request: to go on waiting after a reload, and since its approval lets the same person in again. */
export function keepRequest(request: KeptRequest | null) {
  tabStore.write(requestKey, request);
}

/** keptRequest gives the request made through the same link. */
export function keptRequest(link: JoinLink): KeptRequest | null {
  const kept = tabStore.read(requestKey) as KeptRequest | null;
  return (kept?.requestId || kept?.waiting) && kept.link && sameLink(kept.link, link) ? kept : null;
}

const accessKey = 'roomkey.access';

/** keepAccessToken keeps an access token for as long as the tab is open. */
export function keepAccessToken(token: string | null) {
  tabStore.write(accessKey, token);
}

export function keptAccessToken(): string | undefined {
  const kept = tabStore.read(accessKey);
  return typeof kept === 'string' && kept !== '' ? kept : undefined;
}

const overKey = 'roomkey.over';

/** keepOver remembers that the call behind a link has ended while this tab was in it; null forgets it. */
export function keepOver(link: JoinLink | null) {
  tabStore.write(overKey, link);
}

/** isOver says whether the call behind a link has ended while this tab was in it. */
export function isOver(link: JoinLink): boolean {
  const kept = tabStore.read(overKey) as JoinLink | null;
  return kept !== null && typeof kept === 'object' && sameLink(kept, link);
}
