// Chat messages come from strangers, whose clients may send anything.

import { cleanName, cut } from '../names';

export const maxMessage = 4000;

/** Read is what a message says. */
export interface Read {
  id: string;
  timestamp: number;
  message: string;
  /** agent is the name of the agent who says they have written it; empty in a person's message. */
  agent: string;
  /** onlyMe says that nobody else gets it. */
  onlyMe: boolean;
}

const maxId = 100;

/**
 * readMessage reads a message and never throws: an error here would end the
 * chat for good. What cannot be read becomes an empty message, which is not shown.
 */
export function readMessage(bytes: Uint8Array): Read {
  const nothing = { id: '', timestamp: Date.now(), message: '', agent: '', onlyMe: false };
  try {
    const sent: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof sent !== 'object' || sent === null) return nothing;
    const { id, timestamp, message, agent, private: onlyMe } = sent as Record<string, unknown>;
    return {
      id: typeof id === 'string' ? id.slice(0, maxId) : '',
      // A date far off cannot be shown.
      timestamp: typeof timestamp === 'number' && Math.abs(timestamp - nothing.timestamp) < 24 * 3600_000 ? timestamp : nothing.timestamp,
      message: typeof message === 'string' ? cut(message, maxMessage) : '',
      agent: typeof agent === 'string' ? cleanName(agent) : '',
      onlyMe: onlyMe === true,
    };
  } catch {
    return nothing;
  }
}
