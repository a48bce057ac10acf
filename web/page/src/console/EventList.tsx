import { useId, useState } from 'react';
import { when } from './format';
import { Field } from './parts/Dialog';
import { type Column, List, Name } from './parts/Table';
import { hrefOf } from './route';
import type { Event, EventPage } from './shapes';
import { text } from './text';
import { perPage, useLater, usePages } from './useTool';

const words = text.events;

/** EventList is the audit trail with its filters: that of one room, or of all that the caller may read. */
export function EventList({ room, age }: { room?: string; age: number }) {
  const id = useId();
  const [kind, setKind] = useState('');
  const [about, setAbout] = useState('');
  const [inRoom, setInRoom] = useState('');
  const [since, setSince] = useState('');
  const [until, setUntil] = useState('');
  const identity = useLater(about.trim());
  const named = useLater(inRoom.trim());
  const pages = usePages<EventPage>(
    'list_events',
    {
      ...((room || named) && { room_id: room || named }),
      ...(kind && { kind }),
      ...(identity && { identity }),
      ...isoOf('since', since),
      ...isoOf('until', until),
      limit: perPage,
    },
    age,
  );
  return (
    <>
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <div className="field">
          <label htmlFor={id}>{words.kind}</label>
          <select id={id} value={kind} onChange={(event) => setKind(event.target.value)}>
            <option value="">{words.everything}</option>
            {Object.entries(words.kinds).map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </div>
        {!room && <Field label={words.room} value={inRoom} change={setInRoom} max={63} />}
        <Field label={words.about} value={about} change={setAbout} max={200} />
        <Field label={words.since} value={since} change={setSince} type="datetime-local" />
        <Field label={words.until} value={until} change={setUntil} type="datetime-local" />
      </form>
      <List pages={pages} dense items={(page) => page.events} list={words.list} columns={room ? ofRoom : columns} keyOf={(event) => event.id} empty={words.empty} />
    </>
  );
}

/** isoOf is a filter by a time that the person has chosen, in their own time. */
function isoOf(name: string, local: string): Record<string, string> {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? {} : { [name]: at.toISOString() };
}

const columns: Column<Event>[] = [
  { title: words.time, cell: (event) => <span className="time">{when(event.time, true)}</span> },
  {
    title: words.roomName,
    cell: (event) =>
      event.room_id ? (
        <a href={hrefOf('rooms', event.room_id)}>
          <Name>{event.room_name}</Name>
        </a>
      ) : (
        text.none
      ),
  },
  { title: words.action, head: true, cell: ({ action, outcome }) => (outcome === 'ok' ? action : `${action} (${outcome})`) },
  { title: words.actor, cell: (event) => <Name>{event.via ? words.via(event.actor, event.via) : event.actor}</Name> },
  { title: words.target, cell: (event) => <Target event={event} /> },
  { title: words.details, cell: (event) => <Details event={event} /> },
];
const ofRoom = columns.filter(({ title }) => title !== words.roomName);

function Target({ event: { target, user_id: userID, verified, label } }: { event: Event }) {
  if (!target && !userID) return text.none;
  const known = userID && (verified ? text.people.signedIn(userID) : text.people.claims(userID));
  return (
    <>
      <Name>{target ?? ''}</Name>
      {(known || label) && (
        <span className="quiet small block">
          <Name>{[known, label && text.people.cameBy(label)].filter(Boolean).join(', ')}</Name>
        </span>
      )}
    </>
  );
}

function Details({ event: { details = {} } }: { event: Event }) {
  const known = Object.entries(details).filter(([, value]) => value !== '');
  if (known.length === 0) return text.none;
  return known.map(([name, value]) => (
    <span key={name} className="small block">
      <Name>{`${name}: ${value}`}</Name>
    </span>
  ));
}
