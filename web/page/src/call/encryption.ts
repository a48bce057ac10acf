// The worker that encrypts and decrypts. It is loaded for encrypted rooms only.

import { type E2EEManagerOptions, ExternalE2EEKeyProvider } from 'livekit-client';
import EncryptionWorker from 'livekit-client/e2ee-worker?worker';

/** Encryption is what a room needs to be encrypted. */
export interface Encryption {
  options: E2EEManagerOptions;
  /** setKey takes the key as it is in the link, so that LiveKit's other clients can use it too. */
  setKey(key: string): Promise<void>;
  /** opened says whether bytes that LiveKit hands on were encrypted with the key; LiveKit itself does not tell. */
  opened(bytes: Uint8Array): boolean;
  /** close ends the worker, of which every try to get into the call has one. */
  close(): void;
}

export function makeEncryption(): Encryption {
  const keyProvider = new ExternalE2EEKeyProvider();
  const worker = alwaysEncrypting(new EncryptionWorker());
  return { options: { keyProvider, worker }, setKey: (key) => keyProvider.setKey(key), opened: openedBy(worker), close: () => worker.terminate() };
}

/**
 * alwaysEncrypting keeps LiveKit from switching encryption off for somebody.
 * It does so for a participant who publishes any track without a key, and from
 * then on plays all that they send as it is, also what they call encrypted.
 */
export function alwaysEncrypting(worker: Worker): Worker {
  const post = worker.postMessage.bind(worker) as (message: unknown, ...rest: unknown[]) => void;
  worker.postMessage = (message: unknown, ...rest: unknown[]) => post(enabling(message), ...rest);
  return worker;
}

function enabling(message: unknown): unknown {
  const { kind, data } = message as { kind?: unknown; data?: object };
  return kind === 'enable' ? { kind, data: { ...data, enabled: true } } : message;
}

/**
 * openedBy remembers what the worker has decrypted: what LiveKit hands on is a
 * part of the very same memory. What it says of a message's encryption is the
 * sender's word, and its own clients say nothing.
 */
export function openedBy(worker: Pick<Worker, 'addEventListener'>): (bytes: Uint8Array) => boolean {
  const opened = new WeakSet<ArrayBufferLike>();
  worker.addEventListener('message', (event) => {
    const { kind, data } = (event as MessageEvent<{ kind?: unknown; data?: { payload?: unknown } }>).data;
    if (kind === 'decryptDataResponse' && data?.payload instanceof Uint8Array) opened.add(data.payload.buffer);
  });
  return (bytes) => opened.has(bytes.buffer);
}
