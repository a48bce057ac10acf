// The languages of the console. Another one is another file in languages/.

import { speakOneOf } from '../speak';
import { type Text, text } from './text';

const files = import.meta.glob<{ default: Text }>('./languages/*.ts');

/** speak has the console speak the first of the wanted languages that it knows. Without one it speaks English. */
export function speak(wanted: readonly string[]): Promise<string> {
  return speakOneOf(wanted, files, text);
}
