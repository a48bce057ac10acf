import { when } from '../format';
import { Command } from '../parts/Dialog';
import { type Column, List, Name, Pager, Problem, Table } from '../parts/Table';
import { hrefOf } from '../route';
import type { Delivery, DeliveryPage, Webhook, WebhookList } from '../shapes';
import { text } from '../text';
import { useFresh, usePart, useResource, useResourcePages } from '../useTool';
import { View } from '../View';
import { argument, commandOf } from './shell';

const words = text.webhooks;

/** WebhooksView lists the programs elsewhere that are told events. */
export function WebhooksView() {
  const asked = useResource<WebhookList>('roomkey://webhooks');
  useFresh(null, asked.reload);
  const part = usePart(asked.value?.webhooks ?? []);
  return (
    <View heading={words.heading}>
      <p className="quiet">{words.about}</p>
      <Problem error={asked.error} />
      {asked.value ? (
        <Table caption={words.list} columns={endpoints} items={part.items} keyOf={({ id }) => id} empty={words.empty} />
      ) : (
        !asked.error && <p role="status">{text.loading}</p>
      )}
      <Pager list={words.list} pages={part} />
    </View>
  );
}

const endpoints: Column<Webhook>[] = [
  {
    title: words.endpoint,
    head: true,
    cell: ({ id, url }) => (
      <>
        <a href={hrefOf('webhooks', id)}>
          <Name>{url}</Name>
        </a>
        <span className="quiet small block">
          <Name>{id}</Name>
        </span>
      </>
    ),
  },
  { title: words.kinds, cell: ({ kinds = [] }) => kinds.join(', ') || words.everything },
  { title: words.by, cell: ({ configured }) => (configured ? words.byConfiguration : words.byCommand) },
  { title: words.waits, cell: waits },
  { title: words.next, cell: (endpoint) => when(endpoint.next_attempt_at, true) },
];

// An endpoint that has not taken an event for so long is failing.
const failingMs = 60_000;

/** waits says since when an endpoint has not taken what it is told. */
function waits({ pending_rooms: rooms, pending_since: since = '' }: Webhook) {
  if (rooms === 0) return words.none;
  const told = words.inRooms(rooms, when(since, true));
  return Date.now() - Date.parse(since) > failingMs ? <b className="problem">{told}</b> : told;
}

/** WebhookView is one endpoint with what it was told. */
export function WebhookView({ id }: { id: string }) {
  const asked = useResource<WebhookList>('roomkey://webhooks');
  const pages = useResourcePages<DeliveryPage>(`roomkey://webhooks/${encodeURIComponent(id)}`);
  useFresh(null, asked.reload);
  useFresh(null, pages.reload);
  const endpoint = asked.value?.webhooks.find((one) => one.id === id);
  return (
    <View heading={endpoint?.url ?? words.heading}>
      <p>
        <a href={hrefOf('webhooks')}>{words.all}</a>
      </p>
      {asked.value && !endpoint && <p>{words.unknown}</p>}
      {endpoint && (
        <dl className="facts">
          <dt>{words.waits}</dt>
          <dd>{waits(endpoint)}</dd>
          <dt>{words.test}</dt>
          <dd>
            <Command command={commandOf('roomkey', 'webhook', 'test', ...argument(id))} />
          </dd>
          <dt>{words.replay}</dt>
          <dd>
            <Command command={commandOf('roomkey', 'webhook', 'replay', '--failed', ...argument(id))} />
          </dd>
        </dl>
      )}
      <List pages={pages} items={(page) => page.deliveries} list={words.deliveries} columns={deliveries} keyOf={(d) => d.event_id} empty={words.noDeliveries} />
    </View>
  );
}

const deliveries: Column<Delivery>[] = [
  {
    title: words.event,
    head: true,
    cell: (d) => (
      <>
        {d.type ?? words.gone}
        <span className="quiet small block">{d.event_id}</span>
      </>
    ),
  },
  { title: words.room, cell: (d) => d.room_id && (<a href={hrefOf('rooms', d.room_id)}><Name>{d.room_name || d.room_id}</Name></a>) },
  { title: words.state, cell: ({ state, status }) => stateOf(state, status) },
  { title: words.attempts, cell: ({ attempts }) => String(attempts) },
  { title: words.taken, cell: (d) => when(d.taken_at, true) },
  { title: words.done, cell: (d) => when(d.done_at, true) },
  { title: words.next, cell: (d) => when(d.next_at, true) },
  { title: words.problem, cell: ({ problem }) => problem && <Name>{problem}</Name> },
];

function stateOf(state: string, status?: number) {
  const shown = words.states[state] ?? state;
  const told = status ? `${shown}, ${words.status(status)}` : shown;
  return state === 'failed' ? <b className="problem">{told}</b> : told;
}
