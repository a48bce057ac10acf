import { type Room, RoomEvent } from 'livekit-client';
import { describe, expect, it } from 'vitest';
import { isKept, watchKept } from '../src/call/kept';
import { Notices } from '../src/call/notices';

describe('isKept', () => {
  it('reads what the server says', () => {
    expect(isKept('{"keep_chat":true}')).toBe(true);
  });
  it.each([undefined, '', 'null', '[]', '5', '{', '{"keep_chat":false}', '{"keep_chat":"true"}'])('is false for %j', (metadata) => {
    expect(isKept(metadata)).toBe(false);
  });
});

it('tells once what has changed', () => {
  const heard = new Map<string, () => void>();
  const room = { metadata: '', on: (event: string, look: () => void) => (heard.set(event, look), room) };
  const told: string[] = [];
  const notices = new Notices();
  notices.tell = (what: string) => void told.push(what);
  watchKept(room as unknown as Room, notices);
  heard.get(RoomEvent.Connected)!();
  for (const metadata of ['{"keep_chat":true}', '{"keep_chat":true,"x":1}', '{"keep_chat":false}', '{}']) {
    room.metadata = metadata;
    heard.get(RoomEvent.RoomMetadataChanged)!();
  }
  expect(told).toHaveLength(2);
});
