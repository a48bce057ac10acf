// What is kept when there is too much of it.

/**
 * newest keeps at most so many of the newest in a list, in their order. The one
 * who sent most loses first: a flood pushes out only the messages of its sender.
 */
export function newest<T>(list: readonly T[], most: number, senderOf: (item: T) => string): readonly T[] {
  if (list.length <= most) return list;
  const counts = new Map<string, number>();
  for (const item of list) counts.set(senderOf(item), (counts.get(senderOf(item)) ?? 0) + 1);
  let { share, spare } = shareOf([...counts.values()], most);
  const kept = new Map<string, number>();
  const result: T[] = [];
  for (let i = list.length - 1; i >= 0; i--) {
    const item = list[i] as T;
    const sender = senderOf(item);
    const had = kept.get(sender) ?? 0;
    if (had > share || (had === share && spare === 0)) continue;
    if (had === share) spare--;
    kept.set(sender, had + 1);
    result.push(item);
  }
  return result.reverse();
}

/** shareOf gives how many each sender may keep, so that it is no more than most in all, and how many places that leaves. */
function shareOf(counts: number[], most: number): { share: number; spare: number } {
  const ascending = counts.sort((a, b) => a - b);
  let left = most;
  for (const [i, count] of ascending.entries()) {
    const senders = ascending.length - i;
    const share = Math.floor(left / senders);
    if (count > share) return { share, spare: left - share * senders };
    left -= count;
  }
  return { share: most, spare: 0 };
}
