import { useCallback, useState } from 'react';
import { Copy } from '../parts/Dialog';
import { Problem } from '../parts/Table';
import { hrefOf } from '../route';
import type { RoomDetails } from '../shapes';
import { text } from '../text';
import { useFresh, useSession, useTool } from '../useTool';
import { View } from '../View';
import { ChatTab } from './ChatTab';
import { CodesTab } from './CodesTab';
import { EventsTab } from './EventsTab';
import { PeopleTab } from './PeopleTab';
import { RoomActions } from './RoomActions';
import { SessionsTab } from './SessionsTab';

const words = text.room;

/** TabProps are what a part of a room's view gets. Age grows when something has happened in the room. */
export interface TabProps {
  details: RoomDetails;
  age: number;
  /** changed says that the view has changed something itself. */
  changed(): void;
  /** item is which one of the tab's list is shown, such as a session. */
  item?: string | undefined;
}

const tabs = [
  { name: 'people', tool: 'list_participants', show: PeopleTab },
  { name: 'codes', tool: 'get_room_codes', show: CodesTab },
  { name: 'sessions', tool: 'list_sessions', show: SessionsTab },
  { name: 'chat', tool: 'get_transcript', show: ChatTab },
  { name: 'events', tool: 'list_events', show: EventsTab },
] as const;

/** RoomView is one room. */
export function RoomView({ id, tab: wanted = 'people', item }: { id: string; tab?: string | undefined; item?: string | undefined }) {
  const { tools } = useSession();
  const [age, setAge] = useState(0);
  const changed = useCallback(() => setAge((n) => n + 1), []);
  const asked = useTool<RoomDetails>('get_room', { room_id: id }, age);
  useFresh({ room_id: id }, changed, 5);
  const details = asked.value;
  if (!details) {
    return (
      <View heading={words.missing}>
        <Problem error={asked.error} />
        {!asked.error && <p role="status">{text.loading}</p>}
      </View>
    );
  }
  const { room, codes } = details;
  const offered = codes ? tabs.filter((tab) => tools.has(tab.tool)) : []; // codes are told to admins alone
  const tab = offered.find(({ name }) => name === wanted) ?? offered[0];
  return (
    <View heading={room.title || room.name} about={codes && <RoomActions details={details} age={age} changed={changed} />}>
      <Problem error={asked.error} />
      <div className="facts">
        <p>
          {room.title && <b>{room.name} · </b>}
          {room.is_active ? words.active : words.ended}
          {room.is_active && ` · ${details.num_participants === undefined ? words.unknown : words.inside(details.num_participants)}`}
        </p>
        {room.settings?.require_approval && <p>{words.waits}</p>}
        {room.settings?.e2ee && <p>{words.encrypted}</p>}
        {room.is_active && room.join_url && <Copy link={room.join_url} />}
      </div>
      {!tab && <p>{words.brief}</p>}
      {tab && (
        <>
          <nav className="tabs" aria-label={words.tabs.label}>
            {offered.map(({ name }) => (
              <a key={name} href={hrefOf('rooms', id, name)} aria-current={name === tab.name ? 'page' : undefined}>
                {words.tabs[name]}
              </a>
            ))}
          </nav>
          <tab.show key={item} details={details} age={age} changed={changed} item={item} />
        </>
      )}
    </View>
  );
}
