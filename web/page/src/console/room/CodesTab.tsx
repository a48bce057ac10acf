import { useState } from 'react';
import { when } from '../format';
import { type Column, List } from '../parts/Table';
import type { Code, CodePage } from '../shapes';
import { text } from '../text';
import { perPage, usePages, useSession } from '../useTool';
import { CodeActions, CreateCode } from './CodeActions';
import type { TabProps } from './RoomView';

const words = text.codes;

/** CodesTab lists the codes of a room. */
export function CodesTab({ details: { room, codes = [] }, age, changed }: TabProps) {
  const { tools } = useSession();
  const pages = usePages<CodePage>('get_room_codes', { room_id: room.id, limit: perPage }, age);
  const [chosen, setChosen] = useState<string>();
  const [creating, setCreating] = useState(false);
  const code = pages.value?.codes.find((c) => c.code === chosen);
  const actions: Column<Code> = {
    title: words.actions,
    cell: (c) => (
      <button aria-label={words.menu(c.code)} onClick={() => setChosen(c.code)}>
        {words.actions}
      </button>
    ),
  };
  const roles = [...new Set(['host', 'guest', 'viewer', ...codes.map(({ role }) => role)])];
  return (
    <>
      {tools.has('create_room_codes') && room.is_active && (
        <p>
          <button className="primary" onClick={() => setCreating(true)}>
            {words.create}
          </button>
        </p>
      )}
      <List pages={pages} items={(page) => page.codes} list={words.list} columns={[...columns, actions]} keyOf={(c) => c.code} empty={words.empty} />
      {creating && <CreateCode id={room.id} roles={roles} close={() => setCreating(false)} changed={changed} />}
      {code && <CodeActions code={code} active={room.is_active} close={() => setChosen(undefined)} changed={changed} />}
    </>
  );
}

const columns: Column<Code>[] = [
  {
    title: words.code,
    head: true,
    cell: ({ code, label, join_url: link }) => (
      <>
        <a href={link} target="_blank" rel="noopener noreferrer">
          <code>{code}</code>
        </a>
        {label && (
          <span className="quiet small block">
            <bdi dir="auto">{label}</bdi>
          </span>
        )}
      </>
    ),
  },
  { title: words.role, cell: ({ role }) => role },
  { title: words.state, cell: ({ enabled, blocked }) => (!enabled ? words.disabled : blocked ? words.blocked : words.enabled) },
  { title: words.uses, cell: ({ uses, max_uses: most }) => (most > 0 ? words.of(uses, most) : String(uses)) },
  { title: words.ends, cell: (code) => when(code.expires_at) || text.rooms.never },
  { title: words.lastUsed, cell: (code) => when(code.last_used_at) },
];
