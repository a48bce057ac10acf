import { when } from '../format';
import { Command } from '../parts/Dialog';
import { type Column, List, Name } from '../parts/Table';
import type { User, UserPage } from '../shapes';
import { text } from '../text';
import { useFresh, useResourcePages } from '../useTool';
import { View } from '../View';
import { argument, commandOf } from './shell';

const words = text.users;

/** UsersView lists the users on record. */
export function UsersView() {
  const pages = useResourcePages<UserPage>('roomkey://users');
  useFresh(null, pages.reload);
  return (
    <View heading={words.heading}>
      <p className="quiet">{words.about}</p>
      <List pages={pages} items={(page) => page.users} list={words.list} columns={columns} keyOf={({ user }) => user} empty={words.empty} />
    </View>
  );
}

const columns: Column<User>[] = [
  {
    title: words.user,
    head: true,
    cell: ({ user, name }) => (
      <>
        <Name>{user}</Name>
        {name !== user && (
          <span className="quiet small block">
            <Name>{name}</Name>
          </span>
        )}
      </>
    ),
  },
  { title: words.role, cell: ({ role }) => role },
  { title: words.from, cell: ({ source }) => (source === 'local' ? words.local : <Name>{source}</Name>) },
  { title: words.created, cell: (user) => when(user.created_at) },
  { title: words.seen, cell: (user) => when(user.last_seen_at) || words.never },
  { title: words.state, cell: (user) => (user.disabled_at ? <b className="problem">{words.disabled(when(user.disabled_at))}</b> : words.works) },
  {
    title: words.change,
    cell: ({ user, disabled_at: disabled }) => <Command command={commandOf('roomkey', 'user', disabled ? 'enable' : 'disable', ...argument(user))} />,
  },
];
