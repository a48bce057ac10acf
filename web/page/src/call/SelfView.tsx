import { type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { callText } from './words';

const corners = ['top-left', 'top-right', 'bottom-right', 'bottom-left'];
const clickWithin = 8; // pixels that a finger may move and still mean a press

/** SelfView is oneself on a phone: small, over the others, and moved from corner to corner by dragging it or by pressing it. */
export function SelfView({ children }: { children: ReactNode }) {
  const [corner, setCorner] = useState(2);
  const box = useRef<HTMLDivElement>(null);
  const start = useRef<{ x: number; y: number } | null>(null);
  const dragged = useRef(false);
  const moved = (event: PointerEvent) => (start.current ? { x: event.clientX - start.current.x, y: event.clientY - start.current.y } : null);
  const onPointerDown = (event: PointerEvent) => {
    start.current = { x: event.clientX, y: event.clientY };
    dragged.current = false;
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    const by = moved(event);
    if (!by || !box.current || (!dragged.current && Math.hypot(by.x, by.y) < clickWithin)) return;
    dragged.current = true;
    box.current.style.translate = `${by.x}px ${by.y}px`;
  };
  const onPointerEnd = () => {
    start.current = null;
    if (!dragged.current || !box.current) return;
    const at = box.current.getBoundingClientRect();
    const around = box.current.parentElement?.getBoundingClientRect() ?? at;
    const right = at.left + at.width / 2 > around.left + around.width / 2;
    const low = at.top + at.height / 2 > around.top + around.height / 2;
    box.current.style.translate = '';
    setCorner(low ? (right ? 2 : 3) : right ? 1 : 0);
  };
  return (
    <div ref={box} className="self-view" data-corner={corners[corner]}>
      {children}
      <button
        className="self-move"
        aria-label={callText.tile.moveSelf}
        title={callText.tile.moveSelf}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerEnd}
        onPointerCancel={onPointerEnd}
        onClick={() => dragged.current || setCorner((corner + 1) % corners.length)}
      />
    </div>
  );
}
