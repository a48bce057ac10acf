import { useCallback, useState } from 'react';
import { EventList } from './EventList';
import { text } from './text';
import { useFresh } from './useTool';
import { View } from './View';

/** EventsView is the audit trail of all rooms that the caller may read about, as it grows. */
export function EventsView() {
  const [age, setAge] = useState(0);
  useFresh({}, useCallback(() => setAge((n) => n + 1), []), 60);
  return (
    <View heading={text.events.heading}>
      <EventList age={age} />
    </View>
  );
}
