import { span, when } from '../format';
import { type Column, List, Pager, Problem, Table } from '../parts/Table';
import { hrefOf } from '../route';
import type { Attendee, SessionDetails, SessionPage, SessionRow } from '../shapes';
import { text } from '../text';
import { perPage, usePages, useSession } from '../useTool';
import { Who } from './PeopleTab';
import type { TabProps } from './RoomView';

const words = text.sessions;

/** SessionsTab lists when people met in a room, or who was in one of those sessions. */
export function SessionsTab({ details: { room }, age, item }: TabProps) {
  const { tools } = useSession();
  const pages = usePages<SessionPage>('list_sessions', item ? null : { room_id: room.id, limit: perPage }, age);
  if (item && tools.has('get_session')) return <Attendance room={room.id} session={item} age={age} />;
  const columns: Column<SessionRow>[] = [
    {
      title: words.started,
      head: true,
      cell: (session) => (tools.has('get_session') ? <a href={hrefOf('rooms', room.id, 'sessions', session.id)}>{when(session.started_at)}</a> : when(session.started_at)),
    },
    { title: words.ended, cell: (session) => when(session.ended_at) || words.goesOn },
    { title: words.because, cell: (session) => session.ended_because && (words.ends[session.ended_because] ?? session.ended_because) },
    { title: words.people, cell: ({ people }) => String(people) },
    { title: words.peak, cell: ({ peak }) => String(peak) },
  ];
  return <List pages={pages} items={(page) => page.sessions} list={words.list} columns={columns} keyOf={({ id }) => id} empty={words.empty} />;
}

function Attendance({ room, session, age }: { room: string; session: string; age: number }) {
  const pages = usePages<SessionDetails>('get_session', { session_id: session, limit: perPage }, age);
  const found = pages.value?.session;
  return (
    <section className="stack" aria-labelledby="attendance">
      <h2 id="attendance">{found ? words.attendance(when(found.started_at)) : words.session}</h2>
      <p>
        <a href={hrefOf('rooms', room, 'sessions')}>{words.all}</a>
      </p>
      <Problem error={pages.error} />
      {!found && !pages.error && <p role="status">{text.loading}</p>}
      {found && (
        <>
          <p>{words.sum(found.num_people, found.peak, when(found.ended_at))}</p>
          <Table caption={words.session} columns={attendees} items={found.people} keyOf={({ identity }) => identity} empty={words.nobody} />
        </>
      )}
      <Pager list={words.session} pages={pages} />
    </section>
  );
}

const attendees: Column<Attendee>[] = [
  { title: text.people.name, head: true, cell: (person) => <Who person={person} /> },
  { title: text.people.role, cell: ({ role }) => role },
  { title: words.joined, cell: (person) => when(person.joined_at) },
  { title: words.left, cell: (person) => when(person.left_at) || words.inside },
  { title: words.seconds, cell: (person) => span(person.seconds_inside) },
  { title: words.spoke, cell: ({ seconds_speaking: spoke }) => spoke !== undefined && span(spoke) },
  { title: words.connections, cell: ({ connections }) => String(connections) },
];
