// How long a call of the server may take.

/** deadlineOf ends with a signal, or after a time. By hand: AbortSignal.any is newer than the browsers that people have. */
export function deadlineOf(ms: number, signal: AbortSignal | undefined): { signal: AbortSignal; clear(): void } {
  const deadline = new AbortController();
  const end = () => deadline.abort();
  const timer = setTimeout(end, ms);
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();
  return {
    signal: deadline.signal,
    clear: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    },
  };
}
