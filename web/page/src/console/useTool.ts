import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { follow, type News } from './follow';
import { type Client, ToolError } from './mcp';
import type { Who } from './signIn';

/** Session is what every view needs: whom to ask, who asks, and which tools and resources there are. */
export interface Session {
  client: Client;
  who: Who;
  tools: Set<string>;
  resources: Set<string>;
  /** tell says how something went. */
  tell(words: string): void;
}

export const SessionContext = createContext<Session | null>(null);

/** useSession gives the session that the view is in. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('there is no session');
  return session;
}

/** Asked is the answer of a tool, or why there is none. An older value stays while the next one is on its way. */
export interface Asked<T> {
  value: T | undefined;
  error: ToolError | undefined;
  busy: boolean;
  reload(): void;
}

interface Answered<T> {
  key: string | null;
  value?: T;
  error?: ToolError;
  busy: boolean;
}

/** useTool asks a tool, and again when its arguments or age change; null asks nothing. */
export function useTool<T>(tool: string, args: object | null, age = 0): Asked<T> {
  const ask = useCallback((client: Client, key: string, signal: AbortSignal) => client.call<T>(tool, JSON.parse(key) as object, { signal }), [tool]);
  return useAsked(ask, args && JSON.stringify(args), age);
}

/** useResource reads a resource, and again when its age changes. */
export function useResource<T>(uri: string, age = 0): Asked<T> {
  return useAsked(readResource<T>, uri, age);
}

function readResource<T>(client: Client, uri: string, signal: AbortSignal): Promise<T> {
  return client.read<T>(uri, { signal });
}

/** useAsked asks what a key stands for. ask must be the same function as long as it asks the same. */
function useAsked<T>(ask: (client: Client, key: string, signal: AbortSignal) => Promise<T>, key: string | null, age: number): Asked<T> {
  const { client } = useSession();
  const [state, setState] = useState<Answered<T>>({ key: null, busy: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (key === null) return;
    const end = new AbortController();
    setState((before) => ({ ...(before.key === key ? before : {}), key, busy: true }));
    ask(client, key, end.signal)
      .then((value) => !end.signal.aborted && setState({ key, value, busy: false }))
      .catch((cause: unknown) => {
        if (!end.signal.aborted && cause instanceof ToolError) setState((before) => ({ ...before, error: cause, busy: false }));
      });
    return () => end.abort();
  }, [client, ask, key, turn, age]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const own: Answered<T> = state.key === key ? state : { key, busy: key !== null };
  return { value: own.value, error: own.error, busy: own.busy, reload };
}

/** Paged is one page of a list. */
export interface Paged<T> extends Asked<T> {
  number: number;
  next: (() => void) | undefined;
  previous: (() => void) | undefined;
}

/** perPage is how many rows a page has. */
export const perPage = 25;

/** usePages asks a tool for a list, a page at a time. Other arguments begin with the first page. */
export function usePages<T extends { next_cursor?: string }>(tool: string, args: object | null, age = 0): Paged<T> {
  const places = usePlaces(JSON.stringify(args));
  const { cursor } = places;
  return places.turn(useTool<T>(tool, args && { ...args, ...(cursor && { cursor }) }, age));
}

/** useResourcePages reads a list that is a resource, a page at a time. */
export function useResourcePages<T extends { next_cursor?: string }>(uri: string, age = 0): Paged<T> {
  const places = usePlaces(uri);
  const { cursor } = places;
  return places.turn(useResource<T>(cursor ? `${uri}?after=${encodeURIComponent(cursor)}` : uri, age));
}

/** usePlaces keeps where in a list one is. cursor is undefined on the first page. */
function usePlaces(key: string) {
  const [at, setAt] = useState<{ key: string; cursors: string[] }>({ key, cursors: [] });
  const cursors = at.key === key ? at.cursors : [];
  const turn = <T extends { next_cursor?: string }>(asked: Asked<T>): Paged<T> => ({
    ...asked,
    number: cursors.length + 1,
    next: asked.value?.next_cursor ? () => setAt({ key, cursors: [...cursors, asked.value?.next_cursor ?? ''] }) : undefined,
    previous: cursors.length > 0 ? () => setAt({ key, cursors: cursors.slice(0, -1) }) : undefined,
  });
  return { cursor: cursors.at(-1), turn };
}

/** usePart shows a list that came whole a page at a time. */
export function usePart<T>(items: T[]): { items: T[]; number: number; next: (() => void) | undefined; previous: (() => void) | undefined } {
  const [wanted, setWanted] = useState(0);
  const last = Math.max(0, Math.ceil(items.length / perPage) - 1);
  const at = Math.min(wanted, last);
  return {
    items: items.slice(at * perPage, (at + 1) * perPage),
    number: at + 1,
    next: at < last ? () => setWanted(at + 1) : undefined,
    previous: at > 0 ? () => setWanted(at - 1) : undefined,
  };
}

// A burst of events is one reason to look again; what leaves no event, and what
// is not told to this caller, is looked at now and then.
const gatherMs = 400;

/** useFresh calls reload when something has happened, and every so many seconds. Without a filter no events are followed. */
export function useFresh(filter: object | null, reload: () => void, everySeconds = 20) {
  const { client, tools } = useSession();
  const canFollow = tools.has('list_events');
  const key = filter && JSON.stringify(filter);
  useEffect(() => {
    const end = new AbortController();
    let timer = 0;
    const soon = (_: News) => {
      timer ||= window.setTimeout(() => {
        timer = 0;
        reload();
      }, gatherMs);
    };
    if (canFollow && key !== null) void follow(client, JSON.parse(key) as object, end.signal, soon);
    const again = setInterval(() => !document.hidden && reload(), everySeconds * 1000);
    return () => {
      end.abort();
      clearTimeout(timer);
      clearInterval(again);
    };
  }, [client, canFollow, key, reload, everySeconds]);
}

/** useLater gives a value that follows another one after a time without changes, as while somebody types. */
export function useLater<T>(value: T, ms = 300): T {
  const [later, setLater] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return later;
}

/** Action is something that the person has started. */
export interface Action<A extends unknown[] = []> {
  busy: boolean;
  error: ToolError | undefined;
  /** run does it; its promise says whether it went well. */
  run(...args: A): Promise<boolean>;
}

/** useAction does one thing at a time, and keeps why it failed. */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<unknown>): Action<A> {
  const [state, setState] = useState<{ busy: boolean; error?: ToolError }>({ busy: false });
  const busy = useRef(false);
  return {
    busy: state.busy,
    error: state.error,
    run: async (...args: A) => {
      if (busy.current) return false;
      busy.current = true;
      setState({ busy: true });
      try {
        await act(...args);
        setState({ busy: false });
        return true;
      } catch (cause) {
        if (!(cause instanceof ToolError)) throw cause;
        setState({ busy: false, error: cause });
        return false;
      } finally {
        busy.current = false;
      }
    },
  };
}
