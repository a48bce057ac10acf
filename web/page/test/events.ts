/** Events is as much of a room as tells what happens in it. */
export class Events {
  private listeners: [event: string, listener: (...values: unknown[]) => void][] = [];
  constructor(readonly numParticipants = 2) {}
  on(event: string, listener: (...values: unknown[]) => void) {
    this.listeners.push([event, listener]);
    return this;
  }
  once = this.on.bind(this);
  emit(event: string, ...values: unknown[]) {
    for (const [known, listener] of this.listeners) if (known === event) listener(...values);
  }
}
