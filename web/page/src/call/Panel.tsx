import { type ReactNode, useEffect, useRef } from 'react';
import { CloseIcon } from './icons';
import { callText } from './words';

export type PanelName = 'chat' | 'people' | 'settings' | 'invite';

/** panelId connects a panel with the button that opens it. */
export const panelId = (name: PanelName) => `panel-${name}`;
export const openerId = (name: PanelName) => `open-${name}`;

/** Panel stands beside the stage, or over it where there is little room. */
export function Panel({ name, heading, close, children }: { name: PanelName; heading: string; close(): void; children: ReactNode }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // The chat takes the focus to its field itself.
    if (name !== 'chat') title.current?.focus();
    return () => document.getElementById(openerId(name))?.focus();
  }, [name]);
  return (
    <section id={panelId(name)} className="panel" aria-label={heading} data-panel={name} onKeyDown={(event) => event.key === 'Escape' && close()}>
      <header>
        <h2 ref={title} tabIndex={-1}>
          {heading}
        </h2>
        <button className="lk-button icon-button" onClick={close} aria-label={callText.call.close[name]}>
          <CloseIcon />
        </button>
      </header>
      {children}
    </section>
  );
}
