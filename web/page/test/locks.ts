/** lockManager is as much of the browser's locks as is needed: one holder a name. */
export function lockManager() {
  const held = new Set<string>();
  return {
    async request(name: string, options: LockOptions, hold: (lock: unknown) => Promise<void> | void) {
      while (held.has(name)) {
        if (options.ifAvailable) return hold(null);
        if (options.signal?.aborted) throw new DOMException('', 'TimeoutError');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      held.add(name);
      await hold({ name });
      held.delete(name);
    },
  };
}
