import { EventList } from '../EventList';
import type { TabProps } from './RoomView';

/** EventsTab is the audit trail of a room. */
export function EventsTab({ details: { room }, age }: TabProps) {
  return <EventList room={room.id} age={age} />;
}
