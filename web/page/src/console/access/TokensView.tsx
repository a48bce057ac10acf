import { when } from '../format';
import { Command } from '../parts/Dialog';
import { type Column, List, Name } from '../parts/Table';
import { hrefOf } from '../route';
import type { Token, TokenPage } from '../shapes';
import { text } from '../text';
import { useFresh, useResourcePages } from '../useTool';
import { View } from '../View';
import { argument, commandOf } from './shell';

const words = text.tokens;

/** TokensView lists the access tokens on record. */
export function TokensView() {
  const pages = useResourcePages<TokenPage>('roomkey://tokens');
  useFresh(null, pages.reload);
  return (
    <View heading={words.heading}>
      <p className="quiet">{words.about}</p>
      <List pages={pages} items={(page) => page.tokens} list={words.list} columns={columns} keyOf={({ id }) => id} empty={words.empty} />
    </View>
  );
}

const columns: Column<Token>[] = [
  {
    title: words.subject,
    head: true,
    cell: (token) => (
      <>
        <Name>{token.subject || text.none}</Name>
        <span className="quiet small block">
          <Name>{token.name ?? ''}</Name>
        </span>
        {token.client && (
          <span className="quiet small block">
            <Name>{words.client(token.client)}</Name>
          </span>
        )}
      </>
    ),
  },
  { title: words.role, cell: ({ role }) => role },
  { title: words.scope, cell: ({ scope }) => scope || words.everything },
  {
    title: words.rooms,
    cell: ({ room_ids: rooms = [] }) =>
      rooms.length === 0
        ? words.allRooms
        : rooms.map((id, i) => (
            <a key={id} className="block" href={hrefOf('rooms', id)}>
              {words.room(i + 1)}
            </a>
          )),
  },
  { title: words.made, cell: (token) => when(token.issued_at) },
  { title: words.ends, cell: (token) => when(token.expires_at) },
  { title: words.used, cell: (token) => when(token.last_used_at) || words.never },
  { title: words.state, cell: (token) => (token.revoked_at ? <b className="problem">{words.revoked(when(token.revoked_at))}</b> : words.works) },
  {
    title: words.revoke,
    cell: (token) => (token.revoked_at ? words.isRevoked : <Command command={commandOf('roomkey', 'token', 'revoke', ...argument(token.id))} />),
  },
];
