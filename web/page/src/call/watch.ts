// From what happens in the room to what people are told.

import { type Participant, type Room, RoomEvent, Track, type TrackPublication } from 'livekit-client';
import { type Problem, problemOf } from '../media/preview';
import { shortName } from '../names';
import { text } from '../text';
import type { Notices } from './notices';
import { playSound } from './sounds';
import { type ParticipantPermission, changedRights } from './rights';

// Telling every microphone of a large meeting would drown everything else.
const smallMeeting = 6;

const connection = 'connection';

/** nameOf gives a participant's name for a sentence. */
export function nameOf(participant: Participant): string {
  return shortName(participant.name || '') || text.nobody;
}

/** watchRoom tells what happens in the room. */
export function watchRoom(room: Room, notices: Notices) {
  room
    .on(RoomEvent.ParticipantConnected, (who) => {
      notices.say(text.notice.joined(nameOf(who)));
      if (room.numParticipants <= smallMeeting) playSound('join');
    })
    .on(RoomEvent.ParticipantDisconnected, (who) => notices.say(text.notice.left(nameOf(who))))
    .on(RoomEvent.ParticipantAttributesChanged, (changed, who) => {
      if (changed.hand && !who.isLocal) notices.tell(text.hand.announce(nameOf(who)), { topic: 'hand' });
    })
    .on(RoomEvent.TrackMuted, (track, who) => sayMicrophone(room, notices, track, who, text.notice.muted))
    .on(RoomEvent.TrackUnmuted, (track, who) => sayMicrophone(room, notices, track, who, text.notice.unmuted))
    .on(RoomEvent.TrackPublished, (track, who) => {
      if (track.source === Track.Source.ScreenShare) notices.say(text.notice.sharing(nameOf(who)));
    })
    .on(RoomEvent.SignalReconnecting, () => notices.tell(text.notice.connectionLost, { topic: connection, tone: 'warning', stays: true }))
    .on(RoomEvent.Reconnecting, () => notices.tell(text.notice.connectionLost, { topic: connection, tone: 'warning', stays: true }))
    .on(RoomEvent.Reconnected, () => notices.tell(text.notice.connectionBack, { topic: connection }))
    .on(RoomEvent.ParticipantPermissionsChanged, (before, who) => {
      if (who.isLocal) tellRights(notices, before, who.permissions);
    })
    .on(RoomEvent.MediaDevicesError, (error, kind) => {
      const problem = problemOf(error);
      const device = { videoinput: 'camera', audioinput: 'microphone' }[kind as string] as 'camera' | 'microphone' | undefined;
      if (!device && problem === 'denied') return; // a screen: the person has changed their mind
      notices.tell(device ? deviceProblem(problem, device) : text.notice.screenFailed, { topic: 'device', tone: 'warning' });
    });
}

/** deviceProblem says what is the matter with a device. */
export function deviceProblem(problem: Problem, device: 'camera' | 'microphone' | 'both'): string {
  return text.devices[problem](device);
}

/**
 * tellRemoteMute is called when the server muted something of ours: the host
 * did it, since what a person does themselves comes from this page.
 */
export function tellRemoteMute(notices: Notices, publication: TrackPublication | undefined, muted: boolean) {
  if (!muted || !publication) return;
  const said = {
    [Track.Source.Microphone]: text.notice.mutedByHost,
    [Track.Source.Camera]: text.notice.cameraStoppedByHost,
    [Track.Source.ScreenShare]: text.notice.screenStoppedByHost,
  }[publication.source as string];
  if (said) notices.tell(said, { topic: `host-${publication.source}`, tone: 'warning' });
}

function tellRights(notices: Notices, before: ParticipantPermission | undefined, after: ParticipantPermission | undefined) {
  // Without a before these are the rights that somebody came with.
  if (!before) return;
  const { given, taken } = changedRights(before, after);
  for (const right of taken) notices.tell(text.notice.mayNoLonger(text.right[right]), { topic: `right-${right}`, tone: 'warning' });
  for (const right of given) notices.tell(text.notice.mayNow(text.right[right]), { topic: `right-${right}` });
}

function sayMicrophone(room: Room, notices: Notices, track: TrackPublication, who: Participant, words: (name: string) => string) {
  if (who.isLocal || track.source !== Track.Source.Microphone || room.numParticipants > smallMeeting) return;
  notices.say(words(nameOf(who)));
}
