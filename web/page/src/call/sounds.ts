// Short sounds for what happens while somebody looks elsewhere. They are made here,
// of notes: nothing has to be loaded.

import { readChoices } from '../storage';

/** Sound is something that is heard, unless the person has switched sounds off. */
export type Sound = 'join' | 'knock' | 'chat';

// Hertz, and the second at which each begins.
const notes: Record<Sound, [number, number][]> = {
  join: [
    [523, 0],
    [659, 0.12],
  ],
  knock: [
    [392, 0],
    [392, 0.2],
    [523, 0.4],
  ],
  chat: [[784, 0]],
};
const length = 0.16; // of a note, in seconds
const volume = 0.08;
const notAgainForMs = 1500; // of the same sound, however much happens

const played = new Map<Sound, number>();
let context: AudioContext | null = null;

/** playSound plays a sound. Before the person has done anything on the page the browser would refuse. */
export function playSound(sound: Sound) {
  if (!readChoices().sounds || !globalThis.navigator?.userActivation?.hasBeenActive || typeof AudioContext === 'undefined') return;
  const now = performance.now();
  if (now - (played.get(sound) ?? -notAgainForMs) < notAgainForMs) return;
  played.set(sound, now);
  context ??= new AudioContext();
  for (const [frequency, at] of notes[sound]) playNote(context, frequency, context.currentTime + at);
}

function playNote(audio: AudioContext, frequency: number, at: number) {
  const tone = new OscillatorNode(audio, { type: 'sine', frequency });
  const loudness = new GainNode(audio, { gain: 0 });
  loudness.gain.setValueAtTime(volume, at);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + length);
  tone.connect(loudness).connect(audio.destination);
  tone.start(at);
  tone.stop(at + length);
}
