import { type Room, RoomEvent } from 'livekit-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Chat, mostMessages } from '../src/call/chat';
import { newest } from '../src/call/fair';
import { Notices } from '../src/call/notices';
import { Secrecy } from '../src/call/secrecy';
import { text } from '../src/text';
import { Events } from './events';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setup({ encrypted = false, isE2EEEnabled = false } = {}) {
  const events = new Events();
  const localParticipant = { identity: 'me', name: 'Me', publishData: vi.fn(async () => {}) };
  const room = Object.assign(events, { localParticipant, isE2EEEnabled }) as unknown as Room;
  const notices = new Notices();
  const chat = new Chat(room, notices, new Secrecy(room, notices, encrypted ? { opened: (bytes) => new TextDecoder().decode(bytes).includes('sealed') } : null));
  const changes = vi.fn();
  chat.subscribe(changes);
  const says = (name: string, sent: unknown, more: { known?: boolean; topic?: string } = {}) => {
    const bytes = sent instanceof Uint8Array ? sent : new TextEncoder().encode(JSON.stringify(sent));
    events.emit(RoomEvent.DataReceived, bytes, more.known === false ? undefined : { identity: name, name }, 0, more.topic ?? 'lk-chat-topic', 0, name);
  };
  const shown = () => (vi.advanceTimersByTime(2000), chat.messages.map(({ name, message }) => `${name}: ${message}`));
  return { events, chat, notices, changes, says, shown, localParticipant };
}

describe('the chat under a flood', () => {
  it('keeps the newest messages, and draws a few times only', () => {
    const { chat, says, shown, changes } = setup();
    for (let i = 0; i < 4000; i++) says('Eve', { id: String(i), message: `m${i}` });
    expect(changes).not.toHaveBeenCalled(); // nothing is drawn while they come
    const list = shown();
    expect(list).toHaveLength(mostMessages);
    expect(list.at(-1)).toBe('Eve: m3999');
    expect(list[0]).toBe('Eve: m3500');
    expect(changes.mock.calls.length).toBeLessThan(5);
    expect(chat.received).toBe(4000);
  });
  it('loses nobody else\'s messages', () => {
    const { says, shown } = setup();
    says('Ada', { id: 'a', message: 'before' });
    for (let i = 0; i < 4000; i++) says('Eve', { id: String(i), message: 'x' });
    says('Ada', { id: 'b', message: 'after' });
    const list = shown();
    expect(list).toHaveLength(mostMessages);
    expect([list[0], list.at(-1)]).toEqual(['Ada: before', 'Ada: after']);
  });
  it('keeps no more of one that goes on for long', () => {
    const { says, shown } = setup();
    says('Ada', { id: 'a', message: 'before' });
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 300; i++) says('Eve', { id: `${round} ${i}`, message: `m${round} ${i}` });
      shown();
    }
    const list = shown();
    expect(list).toHaveLength(mostMessages);
    expect([list[0], list.at(-1)]).toEqual(['Ada: before', 'Eve: m4 299']);
  });
  it('is not read out line by line', () => {
    const { notices, says, shown } = setup();
    for (let i = 0; i < 100; i++) says('Eve', { id: String(i), message: 'x' });
    shown();
    expect(notices.spoken.map((line) => line.text)).toEqual([text.chat.many(100)]);
  });
});

describe('messages', () => {
  it('are an agent\'s only if the server names no sender', () => {
    const { chat, says, shown } = setup();
    says('Mallory', { id: '1', message: 'trust me', agent: 'Claude', private: true });
    says('', { id: '2', message: 'hello', agent: 'Claude', private: true }, { known: false });
    says('', { id: '3', message: 'odd' }, { known: false });
    expect(shown()).toEqual(['Mallory: trust me', 'Claude: hello', ': odd']);
    expect(chat.messages.map(({ isAgent, onlyMe }) => [isAgent, onlyMe])).toEqual([[false, false], [true, true], [false, false]]);
    expect(chat.ofAgents).toBe(1);
  });
  it('of somebody who is not known yet get their name when they are', () => {
    const { events, says, shown } = setup();
    says('Bob', { id: '1', message: 'early' }, { known: false });
    expect(shown()).toEqual([': early']);
    events.emit(RoomEvent.ParticipantConnected, { identity: 'Bob', name: 'Bob B.', trackPublications: new Map() });
    expect(shown()).toEqual(['Bob B.: early']);
  });
  it('are changed by their writer alone, and not by another without an id', () => {
    const { says, shown } = setup();
    says('Ada', { id: '1', message: 'frist' });
    says('Ada', { id: '1', message: 'first' }, { topic: 'lk-chat-update-topic' });
    says('Eve', { id: '1', message: 'second' });
    says('Eve', { message: 'third' });
    says('Eve', { message: 'fourth' });
    expect(shown()).toEqual(['Ada: first', 'Eve: second', 'Eve: third', 'Eve: fourth']);
  });
  it('that cannot be read are left out', () => {
    const { says, shown } = setup();
    for (const sent of [null, 5, [], {}, { message: 5 }, new Uint8Array([255, 254]), new Uint8Array()]) says('Eve', sent);
    says('Eve', { id: '1', message: 'x' }, { topic: 'another' });
    expect(shown()).toEqual([]);
  });
  it('are neither shown nor sent without encryption in an encrypted room', async () => {
    const { chat, says, shown, localParticipant } = setup({ encrypted: true });
    says('Eve', { id: '1', message: 'plain' });
    says('Ada', { id: '1', message: 'sealed' });
    expect(shown()).toEqual(['Ada: sealed']);
    await expect(chat.send('too early')).rejects.toThrow();
    expect(localParticipant.publishData).not.toHaveBeenCalled();
  });
  it('of our own are shown once they are sent', async () => {
    const { chat, shown } = setup({ encrypted: true, isE2EEEnabled: true });
    await chat.send('hello');
    expect(shown()).toEqual(['Me: hello']);
  });
});

describe('newest', () => {
  it.each([
    ['aaaaaa', 3, 'aaa'],
    ['abaaaa', 3, 'baa'],
    ['abcabc', 6, 'abcabc'],
    ['aabbcc', 4, 'abcc'],
    ['abcdef', 3, 'def'],
  ])('of %s, at most %i, is %s', (list, most, want) => {
    expect(newest([...list], most, (item) => item).join('')).toBe(want);
  });
});
