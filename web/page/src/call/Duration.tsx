import { useEffect, useState } from 'react';
import { callText } from './words';

/** Duration shows for how long the person has been in the call. */
export function Duration() {
  const [began] = useState(() => performance.now());
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - began) / 1000)), 1000);
    return () => clearInterval(timer);
  }, [began]);
  return (
    <span className="duration" role="timer" aria-label={callText.call.duration}>
      {clock(seconds)}
    </span>
  );
}

/** clock writes seconds as 4:05 or 1:04:05. */
export function clock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
