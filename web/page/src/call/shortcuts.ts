// Keys for the controls. A control names its key itself, in aria-keyshortcuts; a
// key does nothing where its control is not offered.

import { useEffect } from 'react';
import { readChoices } from '../storage';

/** shortcutKeys are the keys by what they press. */
export const shortcutKeys = { microphone: 'm', camera: 'v', share: 's', view: 'g', hand: 'h', chat: 'c', people: 'p', invite: 'i', settings: '?' } as const;

/** useShortcuts presses the control of a key. Who types, or has switched it off, presses nothing. */
export function useShortcuts() {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.defaultPrevented || !readChoices().shortcuts) return;
      if ((event.target as Element).closest('input, select, textarea, dialog, [role=menu]')) return;
      const key = event.key.toLowerCase();
      if (!Object.values<string>(shortcutKeys).includes(key)) return;
      document.querySelector<HTMLElement>(`.controls [aria-keyshortcuts="${key}"]`)?.click();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}
