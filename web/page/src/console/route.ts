// Where in the console one is, as the fragment of the address says it.

import { useSyncExternalStore } from 'react';

/** Route is a place in the console: the names between its slashes. */
export type Route = string[];

/** routeOf reads a fragment. */
export function routeOf(fragment: string): Route {
  const parts = fragment.replace(/^#\/?/, '').split('/').filter(Boolean);
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** hrefOf writes the address of a place. */
export function hrefOf(...route: Route): string {
  return '#/' + route.map(encodeURIComponent).join('/');
}

/** useRoute gives the place, and follows it. */
export function useRoute(): Route {
  const fragment = useSyncExternalStore(
    (changed) => {
      addEventListener('hashchange', changed);
      return () => removeEventListener('hashchange', changed);
    },
    () => location.hash,
  );
  return routeOf(fragment);
}
