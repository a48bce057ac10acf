import { useSyncExternalStore } from 'react';
import type { Call } from './enter';

/** useWithheld gives of whom something is neither played nor shown, and why. */
export function useWithheld({ secrecy }: Call) {
  return useSyncExternalStore(secrecy.subscribe, secrecy.list);
}
