// How far a connection for sound and picture came, and what that says about the way.

import type { MediaObstacle } from '../outcome';

/** Path is how far one of the browser's connections came. */
export interface Path {
  /** offered are the server's addresses, like "udp 192.0.2.7:7882". */
  offered: string[];
  /** reached says that an address has answered. */
  reached: boolean;
  /** encrypted says that everything is there to send sound and picture. */
  encrypted: boolean;
}

// candidate:2878742611 1 udp 2130706431 192.0.2.7 7882 typ host
const candidate = /^a=candidate:\S+ \d+ (\S+) \d+ (\S+) (\d+) /gm;

/** pathOf reads how far a connection is that is not closed yet. */
export function pathOf(connection: RTCPeerConnection): Path {
  const offered = [...(connection.remoteDescription?.sdp ?? '').matchAll(candidate)].map(([, protocol = '', address = '', port]) =>
    `${protocol.toLowerCase()} ${address.includes(':') ? `[${address}]` : address}:${port}`,
  );
  return {
    offered: [...new Set(offered)],
    reached: ['connected', 'completed'].includes(connection.iceConnectionState),
    encrypted: connection.connectionState === 'connected',
  };
}

/** mediaObstacle says what the connections that were made have in common. said are the addresses that the server offered. */
export function mediaObstacle(paths: readonly Path[]): { why: MediaObstacle; said?: string } {
  const offered = [...new Set(paths.flatMap((path) => path.offered))];
  const said = offered.length > 0 ? { said: offered.join(', ') } : {};
  if (paths.some((path) => path.reached && !path.encrypted)) return { why: 'nodtls', ...said };
  const onlyUDP = offered.length > 0 && offered.every((address) => address.startsWith('udp'));
  return { why: onlyUDP ? 'noudp' : 'nomedia', ...said };
}
