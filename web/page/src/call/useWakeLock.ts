import { useEffect } from 'react';

/** useWakeLock keeps the screen of a phone from going dark during a call. */
export function useWakeLock() {
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const request = () => {
      if (document.visibilityState !== 'visible' || !navigator.wakeLock) return;
      navigator.wakeLock.request('screen').then(
        (granted) => {
          if (over) void granted.release();
          else lock = granted;
        },
        () => {}, // as when the battery is low: then the screen does what the person has set
      );
    };
    request();
    document.addEventListener('visibilitychange', request); // the browser ends it while the page is hidden
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', request);
      void lock?.release();
    };
  }, []);
}
