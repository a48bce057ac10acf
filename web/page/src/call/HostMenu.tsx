import type { Participant } from 'livekit-client';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef } from 'react';
import type { Offer } from './hosting';
import { nameOf } from './watch';
import { callText } from './words';

/** OpenMenu opens the menu of a person; null for somebody who is no host. */
export type OpenMenu = ((identity: string, opener: HTMLElement) => void) | null;

/** MenuAt is the menu of a person, and the button that has opened it. */
export interface MenuAt {
  identity: string;
  opener: HTMLElement;
}

interface Props {
  person: Participant;
  opener: HTMLElement;
  offers: Offer[];
  choose(offer: Offer): void;
  close(): void;
}

const margin = 8; // between the menu and the edge of the window, in pixels

/** HostMenu is what a host may do to one person. It stands over everything, beside its button. */
export function HostMenu({ person, opener, offers, choose, close }: Props) {
  const menu = useRef<HTMLDivElement>(null);
  const items = () => [...(menu.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
  useEffect(() => {
    items()[0]?.focus();
    return () => opener.isConnected && document.activeElement === document.body ? opener.focus() : undefined;
  }, [opener]);
  useLayoutEffect(() => {
    const place = () => menu.current && placeBeside(menu.current, opener);
    place();
    addEventListener('resize', place);
    return () => removeEventListener('resize', place);
  });
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!menu.current?.contains(target) && !opener.contains(target)) close();
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [opener, close]);
  const onKeyDown = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const keys: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const to = keys[event.key];
    if (to !== undefined) all.at(to % all.length)?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') {
      opener.focus();
      close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={menu} className="host-menu" role="menu" aria-label={callText.host.menu(nameOf(person))} onKeyDown={onKeyDown}>
      {offers.map((offer) => (
        <button
          key={offer.action}
          role="menuitem"
          tabIndex={-1}
          className={offer.asks && !offer.asks.field ? 'host-item host-item-danger' : 'host-item'}
          aria-disabled={offer.idle}
          onClick={() => {
            if (offer.idle) return;
            opener.focus();
            close();
            choose(offer);
          }}
        >
          {offer.label}
        </button>
      ))}
    </div>
  );
}

/** placeBeside puts the menu below its button, or above it where there is no room below. */
function placeBeside(menu: HTMLElement, opener: HTMLElement) {
  const button = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = button.bottom + height + margin <= innerHeight;
  const top = below ? button.bottom : Math.max(margin, button.top - height);
  menu.style.top = `${Math.min(top, Math.max(margin, innerHeight - height - margin))}px`;
  menu.style.left = `${Math.max(margin, Math.min(button.left, innerWidth - width - margin))}px`;
}
