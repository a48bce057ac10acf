import { useState } from 'react';
import { when } from './format';
import { CreateRoom } from './CreateRoom';
import { type Column, List, Name } from './parts/Table';
import { hrefOf } from './route';
import type { RoomInList, RoomPage } from './shapes';
import { text } from './text';
import { perPage, useFresh, useLater, usePages, useSession } from './useTool';
import { View } from './View';

const words = text.rooms;

/** RoomsView lists rooms with who is inside now. */
export function RoomsView() {
  const { who, tools } = useSession();
  const everything = who.role === 'superadmin';
  const [query, setQuery] = useState('');
  const [state, setState] = useState('active');
  const [scope, setScope] = useState(everything ? 'all' : 'own');
  const [creating, setCreating] = useState(false);
  const part = useLater(query.trim().toLowerCase());
  const pages = usePages<RoomPage>('list_rooms', {
    ...(part && { query: part }),
    ...(state !== 'any' && { active: state === 'active' }),
    ...(scope !== 'own' && { scope }),
    limit: perPage,
  });
  useFresh({}, pages.reload);
  const scopes = [...(everything ? ['all'] : []), 'own', ...(who.role === 'guest' ? [] : ['mine']), 'joined', 'public'];
  return (
    <View
      heading={words.heading}
      about={
        tools.has('create_room') &&
        who.role !== 'guest' && (
          <button className="primary" onClick={() => setCreating(true)}>
            {words.create}
          </button>
        )
      }
    >
      {creating && <CreateRoom close={() => setCreating(false)} />}
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          {words.search}
          <input type="search" value={query} maxLength={63} autoComplete="off" onChange={(event) => setQuery(event.target.value)} />
        </label>
        <label>
          {words.state}
          <select value={state} onChange={(event) => setState(event.target.value)}>
            <option value="active">{words.active}</option>
            <option value="ended">{words.ended}</option>
            <option value="any">{words.any}</option>
          </select>
        </label>
        <label>
          {words.scope}
          <select value={scope} onChange={(event) => setScope(event.target.value)}>
            {scopes.map((name) => (
              <option key={name} value={name}>
                {words.scopes[name]}
              </option>
            ))}
          </select>
        </label>
      </form>
      <List pages={pages} items={(page) => page.rooms} list={words.list} columns={columns} keyOf={(room) => room.id} empty={words.empty} />
    </View>
  );
}

const columns: Column<RoomInList>[] = [
  {
    title: words.name,
    head: true,
    cell: (room) => (
      <>
        <a href={hrefOf('rooms', room.id)}>
          <Name>{room.name}</Name>
        </a>
        {room.title && (
          <span className="quiet small block">
            <Name>{room.title}</Name>
          </span>
        )}
      </>
    ),
  },
  { title: words.people, cell: (room) => (room.is_active ? room.num_participants?.toString() : words.ended) },
  { title: words.access, cell: (room) => (room.is_public ? words.public : words.private) + (room.mode === 'webinar' ? `, ${words.webinar}` : '') },
  { title: words.admin, cell: (room) => <Name>{room.admin_id}</Name> },
  { title: words.ends, cell: (room) => when(room.expires_at) || words.never },
  { title: words.created, cell: (room) => when(room.created_at) },
];
