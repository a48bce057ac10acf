import { useParticipants } from '@livekit/components-react';
import { type Participant, RoomEvent } from 'livekit-client';
import { useEffect, useRef } from 'react';
import { shortName } from '../names';
import { text } from '../text';
import type { Call } from './enter';

// LiveKit's own list leaves out names and attributes, which a host can change.
const events = [
  RoomEvent.ParticipantNameChanged,
  RoomEvent.ParticipantAttributesChanged,
  RoomEvent.ParticipantPermissionsChanged,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
  RoomEvent.ActiveSpeakersChanged,
];

/** usePeople gives everybody in the call, under their present names and roles. */
export function usePeople(): Participant[] {
  return useParticipants({ updateOnlyOn: events });
}

/** useRole gives the present role of the person at this page, and tells them of another one. */
export function useRole(call: Call, people: Participant[]): string {
  const role = people.find((person) => person.isLocal)?.attributes.role || call.stored.invitation.role;
  const before = useRef(role);
  useEffect(() => {
    if (before.current !== role) call.notices.tell(text.notice.roleNow(shortName(text.role(role))), { topic: 'role' });
    before.current = role;
  }, [call, role]);
  return role;
}

/** useNewName tells the person when a host gives them another name. */
export function useNewName(call: Call, people: Participant[]) {
  const name = people.find((person) => person.isLocal)?.name ?? '';
  const before = useRef(name);
  useEffect(() => {
    if (before.current && before.current !== name) call.notices.tell(text.notice.nameNow(shortName(name)), { topic: 'name' });
    before.current = name;
  }, [call, name]);
}
