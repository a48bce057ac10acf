import { useState } from 'react';
import { when } from '../format';
import { type Column, Name, Pager, Problem, Table } from '../parts/Table';
import type { Block, JoinRequest, Participant, People, Somebody } from '../shapes';
import { text } from '../text';
import { useAction, usePart, useSession, useTool } from '../useTool';
import { PersonActions } from './PersonActions';
import type { TabProps } from './RoomView';

const words = text.people;

/** PeopleTab shows who is inside, who waits and who is blocked. */
export function PeopleTab({ details: { room }, age, changed }: TabProps) {
  const { tools } = useSession();
  const asked = useTool<People>('list_participants', { room_id: room.id }, age);
  const { participants = [], join_requests: requests = [], blocks = [] } = asked.value ?? {};
  const part = usePart(participants);
  const [chosen, setChosen] = useState<string>();
  const person = participants.find(({ identity }) => identity === chosen);
  const canAct = ['mute_participant', 'disable_participant_video', 'update_participant', 'kick_participant'].some((tool) => tools.has(tool));
  const actions: Column<Participant> = {
    title: words.actions,
    cell: ({ identity, name }) => (
      <button aria-label={words.menu(name)} onClick={() => setChosen(identity)}>
        {words.actions}
      </button>
    ),
  };
  return (
    <>
      <Problem error={asked.error} />
      {!asked.value && !asked.error && <p role="status">{text.loading}</p>}
      {requests.length > 0 && <Waiting id={room.id} requests={requests} changed={changed} />}
      <section className="stack" aria-labelledby="inside">
        <h2 id="inside">{words.inside}</h2>
        {asked.value && <Table caption={words.list} columns={canAct ? [...columns, actions] : columns} items={part.items} keyOf={({ identity }) => identity} empty={words.nobody} />}
        <Pager list={words.list} pages={part} />
      </section>
      {blocks.length > 0 && <Blocked id={room.id} blocks={blocks} changed={changed} />}
      {person && <PersonActions id={room.id} person={person} close={() => setChosen(undefined)} changed={changed} />}
    </>
  );
}

const columns: Column<Participant>[] = [
  { title: words.name, head: true, cell: (person) => <Who person={person} /> },
  { title: words.role, cell: ({ role = '', is_admin: admin }) => (admin ? `${role}, ${words.admin}` : role) },
  { title: words.since, cell: (person) => when(person.joined_at) },
  { title: words.sends, cell: sends },
];

/** Who is somebody's name, with what is known of who they are. */
export function Who({ person: { name, user_id: userID = '', verified, label } }: { person: Somebody }) {
  const known = verified ? words.signedIn(userID) : userID ? words.claims(userID) : words.notSignedIn;
  return (
    <>
      <Name>{name || userID}</Name>
      <span className="quiet small block">
        <Name>{label ? `${known}, ${words.cameBy(label)}` : known}</Name>
      </span>
    </>
  );
}

/** sends is what somebody sends, or is kept from sending. */
function sends({ tracks, locked = [] }: Participant): string {
  const named = (source: string) => words.sources[source] ?? source;
  const sent = tracks.map(({ source, muted }) => (muted ? words.muted(named(source)) : named(source)));
  return [...sent, ...locked.map((source) => words.locked(named(source)))].join(', ');
}

function Waiting({ id, requests, changed }: { id: string; requests: JoinRequest[]; changed(): void }) {
  const { client, tools, tell } = useSession();
  const part = usePart(requests);
  const action = useAction(async (request: string, approve: boolean, done: string) => {
    await client.call('answer_join_request', { room_id: id, request_id: request, approve });
    tell(done);
    changed();
  });
  const answer = (request: string, approve: boolean, done: string) => () => void action.run(request, approve, done);
  const columns: Column<JoinRequest>[] = [
    { title: words.name, head: true, cell: (request) => <Who person={request} /> },
    { title: words.role, cell: ({ role }) => role },
    { title: words.waitsSince, cell: (request) => when(request.created_at) },
  ];
  if (tools.has('answer_join_request')) {
    columns.push({
      title: words.actions,
      cell: ({ request_id: request, name }) => (
        <span className="buttons">
          <button onClick={answer(request, true, words.wasLetIn(name))}>{words.letIn(name)}</button>
          <button onClick={answer(request, false, words.wasRefused(name))}>{words.refuse(name)}</button>
        </span>
      ),
    });
  }
  return (
    <section className="stack" aria-labelledby="waiting">
      <h2 id="waiting">{words.waiting}</h2>
      <Problem error={action.error} />
      {requests.length > 1 && tools.has('answer_join_request') && (
        <p>
          <button onClick={answer('*', true, words.allLetIn)}>{words.letInAll}</button>
        </p>
      )}
      {requests.length >= 100 && <p className="quiet">{words.firstWaiting}</p>}
      <Table caption={words.waiting} columns={columns} items={part.items} keyOf={(request) => request.request_id} empty="" />
      <Pager list={words.waiting} pages={part} />
    </section>
  );
}

function Blocked({ id, blocks, changed }: { id: string; blocks: Block[]; changed(): void }) {
  const { client, tools, tell } = useSession();
  const part = usePart(blocks);
  const action = useAction(async ({ identity, name }: Block) => {
    await client.call('kick_participant', { room_id: id, identity, block: false });
    tell(words.lifted(name));
    changed();
  });
  const columns: Column<Block>[] = [
    { title: words.name, head: true, cell: (block) => <Who person={block} /> },
    { title: words.reason, cell: ({ reason }) => reason && <Name>{reason}</Name> },
    { title: words.blockedBy, cell: (block) => <Name>{block.blocked_by}</Name> },
    { title: words.since, cell: (block) => when(block.created_at) },
  ];
  if (tools.has('kick_participant')) {
    columns.push({ title: words.actions, cell: (block) => <button onClick={() => void action.run(block)}>{words.lift(block.name)}</button> });
  }
  return (
    <section className="stack" aria-labelledby="blocked">
      <h2 id="blocked">{words.blocked}</h2>
      <Problem error={action.error} />
      <Table caption={words.blocked} columns={columns} items={part.items} keyOf={({ identity }) => identity} empty="" />
      <Pager list={words.blocked} pages={part} />
    </section>
  );
}
