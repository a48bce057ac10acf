// What the browser keeps. Storage can be switched off or full, and what is in
// it may be from another version: reading never throws and gives null then.

function read(store: () => Storage, key: string): unknown {
  try {
    return JSON.parse(store().getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

function write(store: () => Storage, key: string, value: unknown) {
  try {
    if (value === null) store().removeItem(key);
    else store().setItem(key, JSON.stringify(value));
  } catch {
    // Then it is forgotten when the tab closes.
  }
}

/** tabStore is forgotten with the tab: only here may tokens and request ids be kept. */
export const tabStore = {
  read: (key: string) => read(() => sessionStorage, key),
  write: (key: string, value: unknown) => write(() => sessionStorage, key, value),
};

/** Choices are what a person chose before joining, remembered for the next time. */
export interface Choices {
  name: string;
  microphone: boolean;
  camera: boolean;
  microphoneId: string;
  cameraId: string;
  speakerId: string;
}

const choicesKey = 'roomkey.choices';
const firstChoices: Choices = { name: '', microphone: true, camera: true, microphoneId: '', cameraId: '', speakerId: '' };

/** readChoices gives what was remembered; what is missing or of another type is as at the first visit. */
export function readChoices(): Choices {
  const kept = read(() => localStorage, choicesKey);
  const choices = { ...firstChoices };
  if (typeof kept !== 'object' || kept === null) return choices;
  for (const [key, first] of Object.entries(firstChoices)) {
    const value = (kept as Record<string, unknown>)[key];
    if (typeof value === typeof first) Object.assign(choices, { [key]: value });
  }
  return choices;
}

/** keepChoices remembers some choices beside the ones already remembered. */
export function keepChoices(changed: Partial<Choices>) {
  write(() => localStorage, choicesKey, { ...readChoices(), ...changed });
}
