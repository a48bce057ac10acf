import { type Participant, type RemoteParticipant, type Room, RoomEvent, type TrackPublication } from 'livekit-client';
import { describe, expect, it, vi } from 'vitest';
import { alwaysEncrypting, openedBy } from '../src/call/encryption';
import { Notices } from '../src/call/notices';
import { Secrecy } from '../src/call/secrecy';
import { text } from '../src/text';
import { Events } from './events';

vi.mock('livekit-client/e2ee-worker?worker', () => ({ default: class {} }));

const [plainMessage, sealedMessage] = [new Uint8Array(1), new Uint8Array(1)];

function setup(encrypted: boolean) {
  const events = new Events();
  const notices = new Notices();
  const secrecy = new Secrecy(events as unknown as Room, notices, encrypted ? { opened: (bytes) => bytes === sealedMessage } : null);
  return { events, secrecy, shown: () => notices.list.map((notice) => notice.text), withheld: () => Object.fromEntries(secrecy.list()) };
}

const track = (isEncrypted: boolean, mimeType = 'video/vp8') =>
  ({ isEncrypted, isDesired: true, isLocal: false, trackInfo: { mimeType }, setSubscribed: vi.fn() }) as unknown as TrackPublication & { setSubscribed: ReturnType<typeof vi.fn> };
const person = (name: string, ...tracks: TrackPublication[]) =>
  ({ identity: name, name, isLocal: false, isEncrypted: tracks.every((each) => each.isEncrypted), trackPublications: new Map(tracks.map((each, i) => [String(i), each])) }) as unknown as RemoteParticipant;

describe('an encrypted room', () => {
  it('marks somebody with another key once, until they are gone', () => {
    const { events, withheld, shown } = setup(true);
    events.emit(RoomEvent.EncryptionError, new Error(), person('Eve'));
    events.emit(RoomEvent.EncryptionError, new Error(), person('Eve'));
    events.emit(RoomEvent.EncryptionError, new Error(), undefined);
    expect(withheld()).toEqual({ Eve: 'key' });
    expect(shown()).toEqual([text.notice.cannotDecrypt('Eve')]);
    events.emit(RoomEvent.ParticipantDisconnected, person('Eve'));
    expect(withheld()).toEqual({});
  });
  it('neither fetches nor plays what is not encrypted, and says whose it is', () => {
    const { events, secrecy, withheld, shown } = setup(true);
    const [plain, sealed] = [track(false), track(true)];
    const eve = person('Eve', plain, sealed);
    events.emit(RoomEvent.TrackPublished, plain, eve);
    expect(plain.setSubscribed).toHaveBeenCalledWith(false);
    expect(sealed.setSubscribed).not.toHaveBeenCalled();
    expect([secrecy.mayPlay(plain), secrecy.mayPlay(sealed), secrecy.seals(eve)]).toEqual([false, true, false]);
    expect(withheld()).toEqual({ Eve: 'plain' });
    expect(shown()).toEqual([text.notice.notEncrypted('Eve')]);
    const mended = person('Eve', sealed);
    events.emit(RoomEvent.TrackUnpublished, plain, mended);
    expect(withheld()).toEqual({});
    expect(secrecy.seals(mended)).toBe(true);
  });
  it('plays nothing that the decrypting worker is not put before', () => {
    expect(setup(true).secrecy.mayPlay(track(true, ''))).toBe(false);
  });
  it('shows no message that is not encrypted, and says so once for each writer', () => {
    const { secrecy, shown } = setup(true);
    expect(secrecy.mayRead(sealedMessage, person('Ada'), 'Ada')).toBe(true);
    for (const who of [person('Eve'), person('Eve'), undefined, undefined]) expect(secrecy.mayRead(plainMessage, who, who?.identity ?? 'x')).toBe(false);
    expect(shown()).toEqual([text.notice.plainMessage('Eve'), text.notice.plainMessage(text.nobody)]);
  });
  it('knows what the worker has decrypted, of whatever part is handed on', () => {
    const worker = new EventTarget() as Worker;
    const opened = openedBy(worker);
    const payload = new Uint8Array([1, 2, 3]);
    worker.dispatchEvent(new MessageEvent('message', { data: { kind: 'decryptDataResponse', data: { uuid: 'x', payload } } }));
    worker.dispatchEvent(new MessageEvent('message', { data: { kind: 'encryptDataResponse', data: { payload: plainMessage } } }));
    expect([opened(payload.subarray(1)), opened(plainMessage), opened(new Uint8Array([1, 2, 3]))]).toEqual([true, false, false]);
  });
  it('does not let one track without a key switch encryption off for the others of its sender, or for our own', () => {
    const posted: unknown[] = [];
    const worker = alwaysEncrypting({ postMessage: (...message: unknown[]) => posted.push(message) } as unknown as Worker);
    worker.postMessage({ kind: 'enable', data: { enabled: false, participantIdentity: 'Eve' } });
    const streams = [new ArrayBuffer(1)];
    worker.postMessage({ kind: 'decode', data: { trackId: 'x' } }, streams);
    expect(posted).toEqual([[{ kind: 'enable', data: { enabled: true, participantIdentity: 'Eve' } }], [{ kind: 'decode', data: { trackId: 'x' } }, streams]]);
  });
});

describe('a room that is not encrypted', () => {
  it('plays what is not, and leaves out what is', () => {
    const { events, secrecy, withheld, shown } = setup(false);
    const [plain, sealed] = [track(false), track(true)];
    events.emit(RoomEvent.TrackPublished, plain, person('Ada', plain));
    events.emit(RoomEvent.TrackPublished, sealed, person('Eve', sealed));
    expect([secrecy.mayPlay(plain), secrecy.mayPlay(sealed)]).toEqual([true, false]);
    expect(withheld()).toEqual({ Eve: 'encrypted' });
    expect(shown()).toEqual([text.notice.unexpectedlyEncrypted('Eve')]);
    expect(secrecy.seals(person('Me', plain) as Participant)).toBe(false);
    expect(secrecy.mayRead(plainMessage, undefined, 'Ada')).toBe(true);
  });
});
