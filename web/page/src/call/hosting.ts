// What a host may do to somebody inside, or to the room. The server says which
// rights the host has and what is locked; LiveKit says what is on.

import type { Participant } from 'livekit-client';
import { type HostAction, type HostView, moderate } from '../api';
import { cleanName, shortName } from '../names';
import type { Call } from './enter';
import { handRaisedAt } from './hand';
import { may } from './rights';
import { nameOf } from './watch';
import { callText } from './words';

/** Question is what a dialog asks; with a field, for a text. */
export interface Question {
  heading: string;
  detail: string;
  field?: { label: string; value: string };
}

/** Offer is one thing that a host can do. */
export interface Offer {
  action: HostAction;
  label: string;
  /** idle says that there is nothing to do just now: what it would turn off is off. */
  idle: boolean;
  /** asks is what is asked before it is done, where it cannot be taken back or needs a name. */
  asks?: Question;
}

/** offersFor lists what the host may do to somebody else. */
export function offersFor(person: Participant, me: string, view: HostView): Offer[] {
  const name = nameOf(person);
  const { rights, admins } = view;
  const isAdmin = admins.includes(person.identity);
  const spared = isAdmin && !admins.includes(me);
  const words = callText.host;
  const offers: Offer[] = [];
  if (rights.includes('mute')) offers.push({ action: 'mute', label: words.mute(name), idle: !person.isMicrophoneEnabled });
  if (rights.includes('mute') && handRaisedAt(person)) offers.push({ action: 'lower_hand', label: words.lowerHand(name), idle: false });
  if (rights.includes('video')) {
    offers.push({ action: 'stop_camera', label: words.stopCamera(name), idle: !person.isCameraEnabled });
    if (person.isScreenShareEnabled) offers.push({ action: 'stop_screen_share', label: words.stopScreen(name), idle: false });
  }
  if (rights.includes('lock') && isLocked(person, view)) offers.push({ action: 'unlock', label: words.unlock(name), idle: false });
  else if (rights.includes('lock') && !spared) offers.push({ action: 'lock', label: words.lock(name), idle: false });
  if (rights.includes('role') && !isAdmin) {
    const isHost = person.attributes.role === 'host';
    offers.push({ action: isHost ? 'make_guest' : 'make_host', label: isHost ? words.makeGuest(name) : words.makeHost(name), idle: false });
  }
  if (rights.includes('rename') && !spared) {
    const asks = { ...words.askRename(name), field: { label: words.newName, value: cleanName(person.name ?? '') } };
    offers.push({ action: 'rename', label: words.rename(name), idle: false, asks });
  }
  if (rights.includes('remove') && !spared) offers.push({ action: 'remove', label: words.remove(name), idle: false, asks: words.askRemove(name) });
  if (rights.includes('block') && !isAdmin) offers.push({ action: 'block', label: words.block(name), idle: false, asks: words.askBlock(name) });
  return offers;
}

/** isLocked says whether something was taken from somebody: from them alone, or from everyone. */
export function isLocked(person: Participant, view: HostView): boolean {
  if (view.locked.includes(person.identity)) return true;
  return view.locked_for_all.length > 0 && person.permissions !== undefined && !may(person.permissions, 'microphone') && !view.admins.includes(person.identity);
}

/** offersForRoom lists what the host may do to everyone. */
export function offersForRoom({ rights, room_locked }: HostView): Offer[] {
  const words = callText.host;
  const offers: Offer[] = [];
  if (rights.includes('mute')) offers.push({ action: 'mute_everyone', label: words.muteEveryone, idle: false });
  if (rights.includes('lock') && room_locked) offers.push({ action: 'unlock_room', label: words.unlockRoom, idle: false });
  else if (rights.includes('lock')) offers.push({ action: 'lock_room', label: words.lockRoom, idle: false });
  if (rights.includes('end')) offers.push({ action: 'end', label: words.end, idle: false, asks: words.askEnd });
  return offers;
}

/** act does what was offered, and tells how it went. typed is the answer to a question with a field. */
export async function act(call: Call, { action }: Offer, person?: Participant, typed?: string) {
  const name = person ? nameOf(person) : '';
  const reply = await moderate(call.token(), action, person?.identity, typed);
  if (reply.kind === 'answered') return call.notices.tell(callText.host.done[action](name, shortName(typed ?? '')), { topic: 'host' });
  const failed = callText.host.failed;
  const words = person && reply.status === 404 ? failed.gone(name) : reply.status === 403 ? failed.forbidden : reply.status === 409 ? failed.conflict : failed.other;
  call.notices.tell(words, { topic: 'host', tone: 'warning' });
}
