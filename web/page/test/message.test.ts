import { describe, expect, it } from 'vitest';
import { maxMessage, readMessage } from '../src/call/message';

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

describe('readMessage', () => {
  it('reads what LiveKit clients send', () => {
    const timestamp = Date.now();
    expect(readMessage(bytes({ id: 'a', timestamp, message: 'hi' }))).toEqual({ id: 'a', timestamp, message: 'hi', agent: '', onlyMe: false });
  });
  it.each(['', '{', 'null', '5', '[]', '{"message":5}', '{"message":{"a":1}}'])('makes an empty message of %j', (sent) => {
    expect(readMessage(bytes(sent)).message).toBe('');
  });
  it('cuts, and takes no date that cannot be shown', () => {
    const read = readMessage(bytes({ id: {}, timestamp: 1e300, message: 'x'.repeat(100_000) }));
    expect(read.message).toHaveLength(maxMessage);
    expect(Math.abs(read.timestamp - Date.now())).toBeLessThan(5000);
    expect(read.id).toBe('');
  });
});
