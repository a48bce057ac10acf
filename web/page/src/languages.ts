// The languages of the join page. Another one is another file in languages/.

import type { CallText } from './call/words';
import { speakOneOf } from './speak';
import { type Text, text } from './text';

const files = import.meta.glob<{ default: Text }>('./languages/*.ts');
const callFiles = import.meta.glob<{ default: CallText }>('./languages/call/*.ts');

let spoken = Promise.resolve('en');

/** speak has the page speak the first of the wanted languages that it knows. Without one it speaks English. */
export async function speak(wanted: readonly string[]): Promise<void> {
  spoken = speakOneOf(wanted, files, text);
  await spoken;
}

/** speakInCall loads the words of the call, in the language of the page. */
export async function speakInCall(): Promise<void> {
  const load = callFiles[`./languages/call/${await spoken}.ts`];
  const [{ callText }, file] = await Promise.all([import('./call/words'), load?.().catch(() => null)]);
  if (file) Object.assign(callText, file.default);
}
