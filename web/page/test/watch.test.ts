import { type Participant, type Room, RoomEvent, Track, type TrackPublication } from 'livekit-client';
import { describe, expect, it } from 'vitest';
import { Notices } from '../src/call/notices';
import type { ParticipantPermission } from '../src/call/rights';
import { nameOf, tellRemoteMute, watchRoom } from '../src/call/watch';
import { text } from '../src/text';
import { Events } from './events';

function setup(numParticipants = 2) {
  const events = new Events(numParticipants);
  const room = events as unknown as Room;
  const notices = new Notices();
  watchRoom(room, notices);
  return { events, room, notices, spoken: () => notices.spoken.map((line) => line.text), shown: () => notices.list.map((notice) => notice.text) };
}

function person(name: string, more: Partial<Participant> = {}): Participant {
  return { identity: name, name, isLocal: false, ...more } as Participant;
}

const publication = (source: Track.Source) => ({ source }) as TrackPublication;
const permissions = (sources: number[], canPublishData = true) =>
  ({ canPublish: true, canPublishSources: sources, canPublishData }) as ParticipantPermission;

describe('watchRoom', () => {
  it('speaks of people who come and go, and shows nothing', () => {
    const { events, spoken, shown } = setup();
    events.emit(RoomEvent.ParticipantConnected, person('Eve'));
    events.emit(RoomEvent.ParticipantDisconnected, person(''));
    expect(spoken()).toEqual([text.notice.joined('Eve'), text.notice.left(text.nobody)]);
    expect(shown()).toEqual([]);
  });
  it('speaks of microphones in small meetings only', () => {
    const small = setup(3);
    small.events.emit(RoomEvent.TrackMuted, publication(Track.Source.Microphone), person('Eve'));
    expect(small.spoken()).toEqual([text.notice.muted('Eve')]);
    const large = setup(30);
    large.events.emit(RoomEvent.TrackMuted, publication(Track.Source.Microphone), person('Eve'));
    expect(large.spoken()).toEqual([]);
  });
  it('tells which device failed, and of a screen only what the person does not know', () => {
    const { events, shown } = setup();
    events.emit(RoomEvent.MediaDevicesError, new DOMException('', 'NotFoundError'), 'audioinput');
    expect(shown()).toEqual([text.devices.missing('microphone')]);
    events.emit(RoomEvent.MediaDevicesError, new DOMException('', 'NotFoundError'), undefined);
    expect(shown()).toEqual([text.notice.screenFailed]);
    const cancelled = setup();
    cancelled.events.emit(RoomEvent.MediaDevicesError, new DOMException('', 'NotAllowedError'), undefined);
    expect(cancelled.shown()).toEqual([]);
  });
  it('shows that the connection is lost until it is back', () => {
    const { events, shown } = setup();
    events.emit(RoomEvent.SignalReconnecting);
    events.emit(RoomEvent.Reconnecting);
    expect(shown()).toEqual([text.notice.connectionLost]);
    events.emit(RoomEvent.Reconnected);
    expect(shown()).toEqual([text.notice.connectionBack]);
  });
  it('tells what the host gave and took, but not what one came with', () => {
    const { events, shown } = setup();
    const me = (sources: number[], data: boolean) => person('Ada', { isLocal: true, permissions: permissions(sources, data) } as Partial<Participant>);
    events.emit(RoomEvent.ParticipantPermissionsChanged, undefined, me([1, 2], true));
    events.emit(RoomEvent.ParticipantPermissionsChanged, permissions([1]), person('Eve', { permissions: permissions([]) } as Partial<Participant>));
    expect(shown()).toEqual([]);
    events.emit(RoomEvent.ParticipantPermissionsChanged, permissions([1, 2]), me([1, 3], true));
    expect(shown()).toEqual([text.notice.mayNoLonger(text.right.microphone), text.notice.mayNow(text.right.screen_share)]);
  });
});

describe('tellRemoteMute', () => {
  it('tells what the host did, and never an unmute', () => {
    const { notices, shown } = setup();
    tellRemoteMute(notices, publication(Track.Source.Microphone), false);
    tellRemoteMute(notices, undefined, true);
    expect(shown()).toEqual([]);
    tellRemoteMute(notices, publication(Track.Source.Microphone), true);
    tellRemoteMute(notices, publication(Track.Source.Camera), true);
    expect(shown()).toEqual([text.notice.mutedByHost, text.notice.cameraStoppedByHost]);
  });
});

describe('nameOf', () => {
  it('is cut and harmless', () => {
    expect(nameOf(person('\u202eE' + 'v'.repeat(500)))).toMatch(/^Ev{38}…$/);
  });
});
