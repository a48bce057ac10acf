// What the browser keeps. Storage can be switched off or full, and what is in
// it may be from another version: reading never throws and gives null then.

/** Store is one of the browser's storages, or memory for what that does not take. */
class Store {
  private readonly memory = new Map<string, string>();

  constructor(private readonly storage: () => Storage) {}

  read(key: string): unknown {
    try {
      return JSON.parse(this.memory.get(key) ?? this.storage().getItem(key) ?? 'null');
    } catch {
      return null;
    }
  }

  write(key: string, value: unknown) {
    this.memory.delete(key);
    try {
      if (value === null) this.storage().removeItem(key);
      else this.storage().setItem(key, JSON.stringify(value));
    } catch {
      // Then it lasts until the page is loaded again, and hides what is still stored.
      this.memory.set(key, JSON.stringify(value));
    }
  }
}

/** tabStore is forgotten with the tab: only here may tokens and request ids be kept. */
export const tabStore = new Store(() => sessionStorage);

const choiceStore = new Store(() => localStorage);

/** Choices are what a person chose before joining, remembered for the next time. */
export interface Choices {
  name: string;
  microphone: boolean;
  camera: boolean;
  microphoneId: string;
  cameraId: string;
  speakerId: string;
  shortcuts: boolean;
  sounds: boolean;
  blur: boolean;
}

const choicesKey = 'roomkey.choices';
const firstChoices: Choices = { name: '', microphone: true, camera: true, microphoneId: '', cameraId: '', speakerId: '', shortcuts: true, sounds: true, blur: false };

/** readChoices gives what was remembered; what is missing or of another type is as at the first visit. */
export function readChoices(): Choices {
  const kept = choiceStore.read(choicesKey);
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
  choiceStore.write(choicesKey, { ...readChoices(), ...changed });
}
