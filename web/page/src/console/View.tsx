import { type ReactNode, useEffect, useRef } from 'react';
import { text } from './text';

/** View is the frame of a view. Its heading takes the focus when it appears, so that it is read out. */
export function View({ heading, about, children }: { heading: string; about?: ReactNode; children: ReactNode }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = text.title(heading);
  }, [heading]);
  useEffect(() => title.current?.focus(), []);
  return (
    <main id="content" className="view">
      <div className="view-head">
        <h1 ref={title} tabIndex={-1} className="wrap">
          <bdi dir="auto">{heading}</bdi>
        </h1>
        {about}
      </div>
      {children}
    </main>
  );
}
