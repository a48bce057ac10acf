// Loaded for encrypted rooms only: the worker that encrypts and decrypts.

import { type E2EEManagerOptions, ExternalE2EEKeyProvider } from 'livekit-client';
import EncryptionWorker from 'livekit-client/e2ee-worker?worker';

/** Encryption is what a room needs to be encrypted. */
export interface Encryption {
  options: E2EEManagerOptions;
  /** setKey takes the key as it is in the link, so that LiveKit's other clients can use it too. */
  setKey(key: string): Promise<void>;
  /** close ends the worker, of which every try to get into the call has one. */
  close(): void;
}

export function makeEncryption(): Encryption {
  const keyProvider = new ExternalE2EEKeyProvider();
  const worker = new EncryptionWorker();
  return { options: { keyProvider, worker }, setKey: (key) => keyProvider.setKey(key), close: () => worker.terminate() };
}
