import { type Participant, ParticipantEvent } from 'livekit-client';
import { useCallback, useSyncExternalStore } from 'react';

/** useAttribute follows an attribute of somebody in the call. */
export function useAttribute(person: Participant, name: string): string | undefined {
  const subscribe = useCallback(
    (changed: () => void) => {
      person.on(ParticipantEvent.AttributesChanged, changed);
      return () => void person.off(ParticipantEvent.AttributesChanged, changed);
    },
    [person],
  );
  return useSyncExternalStore(subscribe, () => person.attributes[name]);
}
