// Addresses in what strangers write. LiveKit's formatter takes minutes over a
// long message without a space; this looks at every character once or twice.

import type { ReactNode } from 'react';

const trailing = '.,;:!?\'"’”»>]}';

/** withLinks makes links of words that are web addresses; the pages behind them learn nothing of this one. */
export function withLinks(message: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let plain = '';
  for (const word of message.split(/(\s+)/)) {
    const address = addressIn(word);
    if (!address) {
      plain += word;
      continue;
    }
    parts.push(plain, <Link key={parts.length} address={address} />);
    plain = word.slice(address.length);
  }
  return [...parts, plain];
}

function Link({ address }: { address: string }) {
  return (
    <a className="lk-chat-link" href={address} target="_blank" rel="noopener noreferrer">
      {address}
    </a>
  );
}

/** addressIn gives the web address that a word begins with, without the sentence's punctuation after it. */
export function addressIn(word: string): string | null {
  if (!/^https?:\/\//i.test(word)) return null;
  const opened = word.includes('('); // as in the names of some articles
  let end = word.length;
  while (trailing.includes(word[end - 1]!) || (word[end - 1] === ')' && !opened)) end--;
  const address = word.slice(0, end);
  try {
    new URL(address);
    return address;
  } catch {
    return null;
  }
}
