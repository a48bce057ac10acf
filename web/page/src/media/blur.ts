// Background blur: who wants it, and the processor that LiveKit's client has between
// a camera and what is sent. What does the work (blurring.ts, and MediaPipe with its
// model) is only loaded when a camera is to be blurred.

import { type LocalVideoTrack, type Room, RoomEvent, Track } from 'livekit-client';
import type { TrackProcessor, VideoProcessorOptions } from 'livekit-client';
import { keepChoices, readChoices } from '../storage';

/** BlurError says that a camera could not be blurred. It is off then. */
export class BlurError extends Error {
  override name = 'BlurError';
}

let able: boolean | undefined;

/** canBlur says whether this browser has what the processors need, as they would say themselves. */
export function canBlur(): boolean {
  return (able ??= hasStreams() && hasWebGL());
}

function hasStreams(): boolean {
  if (!['VideoFrame', 'OffscreenCanvas', 'createImageBitmap'].every((name) => name in globalThis)) return false;
  return 'MediaStreamTrackGenerator' in globalThis || 'captureStream' in HTMLCanvasElement.prototype;
}

function hasWebGL(): boolean {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  gl?.getExtension('WEBGL_lose_context')?.loseContext(); // a browser has few
  return gl !== null;
}

/** Blur blurs the background of one camera. Where it fails it stops the camera: no frame goes through as it is. */
export class Blur implements TrackProcessor<Track.Kind.Video> {
  readonly name = 'blur';
  /** processedTrack stays the old one while another is made: LiveKit's client would send the camera itself without. */
  processedTrack?: MediaStreamTrack;

  private working: TrackProcessor<Track.Kind.Video> | null = null;
  private room: Room | null = null;

  async init(options: VideoProcessorOptions) {
    try {
      const { startBlurring } = await import('./blurring');
      this.working = await startBlurring(options);
      this.processedTrack = this.working.processedTrack;
    } catch (error) {
      options.track.stop();
      throw new BlurError(String(error));
    }
  }

  /** restart is called with the new camera when the person has changed it, or has turned it on again. */
  async restart(options: VideoProcessorOptions) {
    await this.destroy();
    try {
      await this.init(options);
    } catch (error) {
      if (this.room) turnOff(this.room, error).catch(() => {}); // or the call is over
      throw error;
    }
  }

  async destroy() {
    const { working } = this;
    this.working = null;
    await working?.destroy();
  }

  async onPublish(room: Room) {
    this.room = room;
  }
}

/** isBlurred says whether nothing of a camera is sent but what is blurred. */
export function isBlurred(camera: LocalVideoTrack): boolean {
  return camera.getProcessor() !== undefined;
}

/** fitBlur has a camera blurred or not. It throws a BlurError when it cannot be. */
export async function fitBlur(camera: LocalVideoTrack, on: boolean): Promise<void> {
  if (on === isBlurred(camera)) return;
  await (on ? camera.setProcessor(new Blur()) : camera.stopProcessor());
}

/** keepBlurred has every camera that is started in a room blurred before it is published, if that is wanted by then. */
export function keepBlurred(room: Room) {
  const get = () => (readChoices().blur ? new Blur() : undefined);
  Object.defineProperty(room.options.videoCaptureDefaults, 'processor', { get, enumerable: true });
  // The person may have changed their mind while it started.
  room.on(RoomEvent.LocalTrackPublished, ({ source }) => source === Track.Source.Camera && void fitPublished(room));
}

/** switchBlur switches blur on or off in a call. */
export async function switchBlur(room: Room, on: boolean): Promise<void> {
  keepChoices({ blur: on });
  await fitPublished(room);
}

let work: Promise<void> = Promise.resolve();

/** fitPublished has the camera of a call blurred as it is wanted, one change after the other. */
function fitPublished(room: Room): Promise<void> {
  work = work.then(async () => {
    const camera = cameraOf(room);
    const on = readChoices().blur;
    if (!camera || on === isBlurred(camera)) return;
    // One that is off has no picture to begin with: the next one is another track.
    if (camera.isMuted) await room.localParticipant.unpublishTrack(camera);
    else await fitBlur(camera, on).catch((error: unknown) => turnOff(room, error));
  }).catch(() => {}); // the call is over
  return work;
}

function cameraOf(room: Room) {
  return room.localParticipant.getTrackPublication(Track.Source.Camera)?.track as LocalVideoTrack | undefined;
}

/** turnOff ends a camera that could not be blurred: it would come back without blur if it were only muted. */
async function turnOff(room: Room, error: unknown) {
  room.emit(RoomEvent.MediaDevicesError, error as Error, 'videoinput');
  const camera = cameraOf(room);
  if (camera) await room.localParticipant.unpublishTrack(camera);
}
