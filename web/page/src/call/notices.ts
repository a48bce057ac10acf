// What is told during a call: notices that are seen, and a line for people
// who listen to the page instead of looking at it.

/** Notice is one line on the screen. A standing one stays until another of its topic takes its place. */
export interface Notice {
  id: number;
  text: string;
  tone: 'plain' | 'warning';
  topic: string;
}

const shownForMs = 7000;
const most = 4;
const spokenLines = 6; // as many as may come at one moment

export class Notices {
  list: readonly Notice[] = [];
  /** spoken are the newest lines for the live region. */
  spoken: readonly { id: number; text: string }[] = [];

  private nextId = 1;
  private listeners = new Set<() => void>();

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** say only speaks. */
  say(text: string) {
    this.spoken = [...this.spoken, { id: this.nextId++, text }].slice(-spokenLines);
    this.changed();
  }

  /** tell shows and speaks. A new notice takes the place of an older one of its topic. */
  tell(text: string, { topic = text, tone = 'plain', stays = false }: { topic?: string; tone?: Notice['tone']; stays?: boolean } = {}) {
    const notice: Notice = { id: this.nextId++, text, tone, topic };
    this.list = [...this.list.filter((other) => other.topic !== topic), notice].slice(-most);
    if (!stays) setTimeout(() => this.dismiss(notice.id), shownForMs);
    this.say(text);
  }

  dismiss(id: number) {
    this.list = this.list.filter((notice) => notice.id !== id);
    this.changed();
  }

  private changed() {
    for (const listener of this.listeners) listener();
  }
}
