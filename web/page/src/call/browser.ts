// What the browser throws while the call is made, and how far its connections came.
// LiveKit's client turns it into "could not reach the server", which sends people to
// look at their network.

import { type Path, pathOf } from './path';

/** Thrown notes what the browser's own WebRTC refused to do, and how far it came. */
export class Thrown {
  /** last is the newest refusal, with what was asked for; null when there was none. */
  last: { what: string; error: Error } | null = null;

  // Of connections that were closed it is as they were just before.
  private readonly made = new Map<RTCPeerConnection, Path | null>();

  private readonly native = globalThis.RTCPeerConnection as typeof RTCPeerConnection | undefined;
  private readonly watched = this.native && watched(this.native, this);

  constructor() {
    if (this.watched) globalThis.RTCPeerConnection = this.watched;
  }

  /** stop notes nothing of connections that are made from now on. */
  stop() {
    // An attempt that was given up may end after another has begun.
    if (this.native && globalThis.RTCPeerConnection === this.watched) globalThis.RTCPeerConnection = this.native;
  }

  /** paths are how far the connections came that were made meanwhile. */
  paths(): Path[] {
    return [...this.made].map(([connection, closed]) => closed ?? pathOf(connection));
  }

  connected(connection: RTCPeerConnection, closed: Path | null) {
    if (!this.made.get(connection)) this.made.set(connection, closed);
  }

  note(what: string, error: unknown) {
    this.last = { what, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

// Where a browser says no to what it was given.
const methods = ['setConfiguration', 'createOffer', 'createAnswer', 'setLocalDescription', 'setRemoteDescription', 'addTransceiver', 'createDataChannel'] as const;

function watched(native: typeof RTCPeerConnection, thrown: Thrown): typeof RTCPeerConnection {
  const made = class extends native {
    constructor(configuration?: RTCConfiguration) {
      try {
        super(configuration);
      } catch (error) {
        thrown.note('RTCPeerConnection', error);
        throw error;
      }
      thrown.connected(this, null);
    }

    override close() {
      thrown.connected(this, pathOf(this));
      super.close();
    }
  };
  for (const name of methods) {
    const original = native.prototype[name] as ((...args: unknown[]) => unknown) | undefined;
    if (!original) continue;
    Object.defineProperty(made.prototype, name, {
      configurable: true,
      writable: true,
      value(this: RTCPeerConnection, ...args: unknown[]) {
        try {
          const result = original.apply(this, args);
          if (result instanceof Promise) result.catch((error: unknown) => thrown.note(name, error));
          return result;
        } catch (error) {
          thrown.note(name, error);
          throw error;
        }
      },
    });
  }
  return made;
}

// The first that fits is meant: most browsers also call themselves another.
const browsers: [RegExp, string][] = [
  [/\bEdgA?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari\//, 'Safari'],
];

/** browserName says which browser this is, for a sentence. */
export function browserName(userAgent: string = navigator.userAgent ?? ''): string {
  for (const [pattern, name] of browsers) {
    const version = pattern.exec(userAgent)?.[1];
    if (version) return `${name} ${version}`;
  }
  return '';
}
