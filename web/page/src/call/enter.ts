// Into the call: one function that turns a stored call into a connected room.

import { ConnectionState, type E2EEManagerOptions, EngineEvent, LocalTrack, LogLevel, Room, RoomEvent, Track, VideoPresets, setLogLevel } from 'livekit-client';
import { setLogLevel as setComponentsLogLevel } from '@livekit/components-react';
import type { Source } from '../api';
import { newKey } from '../key';
import { keepBlurred } from '../media/blur';
import type { Preview } from '../media/preview';
import { type StoredCall, storeCall } from '../stored';
import { isMediaObstacle } from '../outcome';
import { readChoices } from '../storage';
import { text } from '../text';
import { Thrown } from './browser';
import { type Ending, endingOf, endingOfError } from './ending';
import { obstacleOf } from './obstacle';
import { Chat } from './chat';
import { makeEncryption } from './encryption';
import { Notices } from './notices';
import { patientPolicy } from './reconnect';
import { mayPublish } from './rights';
import { Secrecy } from './secrecy';
import { provideRandomUUID } from './uuid';
import { watchKept } from './kept';
import { tellRemoteMute, watchRoom } from './watch';

export type { Ending } from './ending';

// LiveKit's logs name addresses with tokens in them.
setLogLevel(LogLevel.silent);
setComponentsLogLevel('silent');
provideRandomUUID();

/** Call is a call that this page is in. */
export interface Call {
  room: Room;
  stored: StoredCall;
  notices: Notices;
  secrecy: Secrecy;
  chat: Chat;
  /** key is the key of an encrypted room; madeKey says that this page made it just now. */
  key: string | null;
  madeKey: boolean;
  /** token gives the newest token: LiveKit renews it as long as the call goes on. */
  token(): string;
  leave(): void;
}

export interface Entrance {
  stored: StoredCall;
  key: string | null;
  preview: Preview | null;
  /** keepKey is called with the key that was made for a room that had none. */
  keepKey(key: string): void;
  /** ended is called once, when the call is over. */
  ended(ending: Ending): void;
}

export type EnterCall = (entrance: Entrance) => Promise<Call | Ending>;

// How long joining waits for a camera that is still starting.
const previewPatienceMs = 3000;

export const enterCall: EnterCall = async (entrance) => {
  const { stored } = entrance;
  const encryption = stored.invitation.e2ee ? makeEncryption() : null;
  const room = makeRoom(encryption?.options);
  keepBlurred(room);
  const notices = new Notices();
  let { key } = entrance;
  let leaving = false;

  if (encryption) {
    if (key) await encryption.setKey(key);
    // Also without a key: then nothing can be sent yet, rather than something in the clear.
    await room.setE2EEEnabled(true);
  }
  watchRoom(room, notices);
  watchKept(room, notices);
  const secrecy = new Secrecy(room, notices, encryption);
  const chat = new Chat(room, notices, secrecy); // here, since messages may come before anything is drawn
  // Nothing may be published before there is a key to encrypt it with.
  const publishing = new Set<LocalTrack>();
  if (!encryption || key) room.once(RoomEvent.SignalConnected, () => publish(room, entrance, notices, publishing));

  const thrown = new Thrown();
  try {
    // Saves a round trip to a media server elsewhere; ours is warm already.
    if (new URL(stored.livekitUrl).host !== location.host) room.prepareConnection(stored.livekitUrl).catch(() => {});
    await room.connect(stored.livekitUrl, stored.token);
  } catch (error) {
    stopDevices(room, publishing);
    encryption?.close();
    const ending = await obstacleOf(endingOfError(error, thrown.last, thrown.paths()), error, stored);
    // What a developer is asked for; LiveKit's own lines are silenced.
    if (ending.why === 'browser') console.error('The browser refused what the call needs.', ending.said);
    if (isMediaObstacle(ending.why)) console.error('Signalling works, but no connection for sound and picture came about.', ending.said);
    return ending;
  } finally {
    thrown.stop();
  }

  const madeKey = encryption !== null && key === null;
  if (encryption && madeKey) {
    if (room.remoteParticipants.size > 0) {
      // People inside have a key already; a second one would split the room in two.
      await room.disconnect();
      encryption.close();
      return { why: 'nokey' };
    }
    key = newKey();
    try {
      entrance.keepKey(key);
      await encryption.setKey(key);
    } catch (error) {
      await room.disconnect(); // nobody stays inside without a page
      encryption.close();
      throw error;
    }
    publish(room, entrance, notices, publishing);
  }

  let over = false;
  const keep = (changed: Partial<StoredCall>) => {
    if (over) return; // what becomes of the stored call then is the flow's to say
    Object.assign(stored, changed);
    storeCall(stored);
  };
  room.engine.on(EngineEvent.TokenRefreshed, (token) => keep({ token }));
  room.engine.on(EngineEvent.RemoteMute, (sid, muted) => {
    const publication = publicationOf(room, sid);
    tellRemoteMute(notices, publication, muted);
    // A screen that is muted would go on standing there, black.
    if (muted && publication?.source === Track.Source.ScreenShare) room.localParticipant.setScreenShareEnabled(false).catch(() => {});
  });
  // After a reload things are as the person left them, not as they joined.
  const keepDevice = ({ source }: { source: Track.Source }) => {
    if (source === Track.Source.Microphone) keep({ microphone: room.localParticipant.isMicrophoneEnabled });
    if (source === Track.Source.Camera) keep({ camera: room.localParticipant.isCameraEnabled });
  };
  room
    .on(RoomEvent.LocalTrackPublished, keepDevice)
    .on(RoomEvent.TrackMuted, (publication, who) => who.isLocal && keepDevice(publication))
    .on(RoomEvent.TrackUnmuted, (publication, who) => who.isLocal && keepDevice(publication))
    .once(RoomEvent.Disconnected, (reason) => {
      over = true;
      stopDevices(room, publishing);
      encryption?.close();
      entrance.ended(leaving ? { why: 'left' } : endingOf(reason));
    });

  return {
    room,
    stored,
    notices,
    secrecy,
    chat,
    key,
    madeKey,
    token: () => stored.token,
    leave: () => {
      leaving = over = true;
      stopDevices(room, publishing);
      room.disconnect().catch(console.error);
    },
  };
};

function makeRoom(encryption: E2EEManagerOptions | undefined): Room {
  const { cameraId, microphoneId, speakerId } = readChoices();
  return new Room({
    adaptiveStream: true,
    dynacast: true,
    reconnectPolicy: patientPolicy(),
    videoCaptureDefaults: { resolution: VideoPresets.h720.resolution, ...(cameraId && { deviceId: cameraId }) },
    ...(microphoneId && { audioCaptureDefaults: { deviceId: microphoneId } }),
    ...(speakerId && { audioOutput: { deviceId: speakerId } }),
    ...(encryption && { encryption }),
  });
}

/** publish shows what the preview showed, or what was on before a reload. What does not work is told. */
function publish(room: Room, { stored, preview }: Entrance, notices: Notices, publishing: Set<LocalTrack>) {
  const me = room.localParticipant;
  const allowed = (source: Source) => (me.permissions ? mayPublish(me.permissions, source) : stored.invitation.publish.includes(source));
  const failed = () => notices.tell(text.notice.publishFailed, { topic: 'device', tone: 'warning' });
  if (!navigator.mediaDevices) return; // no secure origin: said before joining
  if (!preview) {
    // A device that fails is told through MediaDevicesError.
    if (stored.microphone && allowed('microphone')) me.setMicrophoneEnabled(true).catch(() => {});
    if (stored.camera && allowed('camera')) me.setCameraEnabled(true).catch(() => {});
    return;
  }
  const show = async () => {
    await preview.settled(previewPatienceMs);
    const { tracks, late } = preview.take();
    const may = (source: Source) => room.state !== ConnectionState.Disconnected && allowed(source);
    for (const track of tracks) {
      const source = track.kind === Track.Kind.Video ? Track.Source.Camera : Track.Source.Microphone;
      if (!may(source)) {
        track.stop();
        continue;
      }
      publishing.add(track);
      const unpublished = () => {
        track.stop();
        failed();
      };
      // A promise that is kept although the call has ended meanwhile leaves the track on.
      me.publishTrack(track, { source }).then(() => may(source) || track.stop(), unpublished).finally(() => publishing.delete(track));
    }
    // The call does not wait for these: it starts them by itself. That one fails is told through MediaDevicesError.
    if (late.includes('microphone') && may('microphone')) me.setMicrophoneEnabled(true).catch(() => {});
    if (late.includes('camera') && may('camera')) me.setCameraEnabled(true).catch(() => {});
  };
  show().catch(failed);
}

/** stopDevices turns camera and microphone off in every case, also while they are being published. */
function stopDevices(room: Room, publishing: Set<LocalTrack>) {
  for (const track of publishing) track.stop();
  for (const { track } of room.localParticipant.getTrackPublications()) if (track instanceof LocalTrack) track.stop();
}

function publicationOf(room: Room, sid: string) {
  return room.localParticipant.getTrackPublications().find((publication) => publication.trackSid === sid);
}
