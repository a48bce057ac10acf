import { useSyncExternalStore } from 'react';
import type { Call } from './enter';

/** useWithheld gives the people of whom something is neither played nor shown, and why. */
export function useWithheld({ secrecy }: Call) {
  return useSyncExternalStore(secrecy.subscribe, secrecy.list);
}
