// How times and numbers are written.

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const withSeconds = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });

/** when writes a time of the server in the reader's own time; nothing for no time. */
export function when(at: string | undefined, seconds = false): string {
  const date = new Date(at ?? '');
  return Number.isNaN(date.getTime()) ? '' : (seconds ? withSeconds : dateTime).format(date);
}

/** span writes a number of seconds. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const mostOfName = 40;

/** short is a name for a button or a sentence. */
export function short(name: string): string {
  const characters = Array.from(name);
  return characters.length <= mostOfName ? name : `${characters.slice(0, mostOfName - 1).join('')}…`;
}
