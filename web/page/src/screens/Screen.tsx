import { type ReactNode, useEffect, useRef } from 'react';
import type { Flow } from '../flow';
import { text } from '../text';

type Name = 'loading' | 'code' | 'prejoin' | 'waiting' | 'call' | 'message';

/** Screen is the frame of every screen but the call: one card in the middle. */
export function Screen({ name, message, wide, children }: { name: Name; message?: string; wide?: boolean; children: ReactNode }) {
  return (
    <main className={wide ? 'screen screen-wide' : 'screen'} data-screen={name} data-message={message}>
      <div className="card">{children}</div>
    </main>
  );
}

/** Heading takes the focus when its screen appears, so that it is read out. */
export function Heading({ children, focus = true, className, id }: { children: ReactNode; focus?: boolean; className?: string; id?: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (focus) heading.current?.focus();
  }, [focus]);
  return (
    <h1 ref={heading} tabIndex={-1} className={className} id={id}>
      {children}
    </h1>
  );
}

/** CalendarLink gives the entry for the person's calendar, where the link has one. */
export function CalendarLink({ flow }: { flow: Flow }) {
  const calendar = flow.calendar();
  return (
    calendar && (
      <p>
        <a href={calendar} download>
          {text.calendar}
        </a>
      </p>
    )
  );
}

/** Name shows what a stranger typed as text that cannot change the direction of the text around it. */
export function Name({ children, className }: { children: string; className?: string }) {
  return (
    <bdi dir="auto" className={className ? `name ${className}` : 'name'} title={children}>
      {children}
    </bdi>
  );
}
