import { type ReactNode, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { TokensView } from './access/TokensView';
import { UsersView } from './access/UsersView';
import { WebhooksView, WebhookView } from './access/WebhooksView';
import { EventsView } from './EventsView';
import { HealthView } from './HealthView';
import { Client, type Offered, ToolError } from './mcp';
import { Name, Problem } from './parts/Table';
import { hrefOf, type Route, useRoute } from './route';
import { RoomView } from './room/RoomView';
import { RoomsView } from './RoomsView';
import type { SignIn, Who } from './signIn';
import { text } from './text';
import { SessionContext, useSession } from './useTool';
import { View } from './View';

/** Console is the whole page. */
export function Console({ signIn }: { signIn: SignIn }) {
  const token = useSyncExternalStore(signIn.subscribe, () => signIn.token);
  if (!token) return <SignInView status={signIn.status === 'signed-in' ? 'none' : signIn.status} />;
  return <SignedIn key={token} signIn={signIn} token={token} />;
}

function SignInView({ status }: { status: keyof typeof text.signIn.heading }) {
  return (
    <View heading={text.signIn.heading[status]}>
      <p role={status === 'ended' ? 'alert' : undefined}>{text.signIn.detail[status]}</p>
      <p>
        <code className="command">{text.signIn.command}</code>
      </p>
    </View>
  );
}

function SignedIn({ signIn, token }: { signIn: SignIn; token: string }) {
  const client = useMemo(() => new Client(token, () => signIn.end(token)), [signIn, token]);
  const who = useMemo(() => signIn.who, [signIn]);
  const [offered, setOffered] = useState<Offered>();
  const [error, setError] = useState<ToolError>();
  useEffect(() => {
    client.offers().then(setOffered, (cause: unknown) => cause instanceof ToolError && setError(cause));
  }, [client]);
  const route = useRoute();
  const [said, setSaid] = useState({ words: '', times: 0 });
  const session = useMemo(() => {
    const tell = (words: string) => setSaid(({ times }) => ({ words, times: times + 1 }));
    return offered && { client, who, ...offered, tell };
  }, [client, who, offered]);
  useEffect(() => {
    const timer = setTimeout(() => setSaid(({ times }) => ({ words: '', times })), saidMs);
    return () => clearTimeout(timer);
  }, [said.times]);
  return (
    <>
      <Header who={who} offered={offered} route={route} leave={() => signIn.leave()} />
      <p className="said wrap" role="status">
        {said.words}
      </p>
      {session ? (
        <SessionContext value={session}>
          <Shown route={route} />
        </SessionContext>
      ) : (
        <main id="content" className="view">
          {error ? <Problem error={error} /> : <p role="status">{text.loading}</p>}
        </main>
      )}
    </>
  );
}

interface Place {
  place: string;
  show(): ReactNode;
  /** The tool or the resource that it needs, if any. */
  tool?: string;
  resource?: string;
}

const rooms: Place = { place: 'rooms', tool: 'list_rooms', show: RoomsView };

/** places are those of the bar at the top. */
const places: Place[] = [
  rooms,
  { place: 'events', tool: 'list_events', show: EventsView },
  { place: 'tokens', resource: 'roomkey://tokens', show: TokensView },
  { place: 'users', resource: 'roomkey://users', show: UsersView },
  { place: 'webhooks', resource: 'roomkey://webhooks', show: WebhooksView },
  { place: 'health', show: HealthView },
];

function isOffered({ tool, resource }: Place, offered: Offered | undefined): boolean {
  return (!tool || !!offered?.tools.has(tool)) && (!resource || !!offered?.resources.has(resource));
}

/** saidMs is how long the page says how something went. */
const saidMs = 10_000;

/** Shown is what is at a place. Each place is a view of its own, also where it is of the same kind. */
function Shown({ route: [kind = '', id, tab, item] }: { route: Route }) {
  const session = useSession();
  if (kind === 'rooms' && id) return <RoomView key={id} id={id} tab={tab} item={item} />;
  const place = places.find((one) => one.place === kind && isOffered(one, session)) ?? rooms;
  if (place.show === WebhooksView && id) return <WebhookView key={id} id={id} />;
  return <place.show />;
}

function Header({ who, offered, route, leave }: { who: Who; offered: Offered | undefined; route: Route; leave(): void }) {
  const at = route[0] ?? rooms.place;
  return (
    <header className="top">
      <a className="skip" href="#content" onClick={skip}>
        {text.skip}
      </a>
      <nav aria-label={text.nav.label}>
        {places
          .filter((one) => isOffered(one, offered))
          .map(({ place }) => (
            <a key={place} href={hrefOf(place)} aria-current={at === place ? 'page' : undefined}>
              {text.nav[place]}
            </a>
          ))}
      </nav>
      <span className="who small">
        <Name>{text.signIn.as(who.name || who.subject, who.role)}</Name>
      </span>
      <button onClick={leave}>{text.signIn.out}</button>
    </header>
  );
}

// The fragment says where one is, so it cannot name the content.
function skip(event: { preventDefault(): void }) {
  event.preventDefault();
  document.querySelector<HTMLElement>('#content h1')?.focus();
}
