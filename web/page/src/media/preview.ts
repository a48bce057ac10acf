// Camera and microphone before joining. The call takes these very tracks over,
// so that nothing is asked for or started twice; LiveKit's own preview hooks
// stop their tracks when the screen changes.

import { type LocalAudioTrack, LocalVideoTrack, type LocalTrack, MediaDeviceFailure, VideoPresets, createLocalTracks } from 'livekit-client';
import { BlurError, fitBlur, isBlurred } from './blur';

export type Device = 'camera' | 'microphone';
export type Problem = 'denied' | 'missing' | 'busy' | 'unblurred';

/** Wanted is what should be on, and with which device. */
export interface Wanted {
  camera: boolean;
  microphone: boolean;
  cameraId: string;
  microphoneId: string;
  blur: boolean;
}

export class Preview {
  camera: LocalVideoTrack | null = null;
  microphone: LocalAudioTrack | null = null;
  problems: Partial<Record<Device, Problem>> = {};
  starting = false;
  /** version counts changes, for components that show this. */
  version = 0;

  private wanted: Wanted = { camera: false, microphone: false, cameraId: '', microphoneId: '', blur: false };
  private blurring: LocalVideoTrack | null = null; // not yet as it is to be seen
  private startedWith = { cameraId: '', microphoneId: '' }; // empty is whichever the browser takes
  private over = false;
  private listeners = new Set<() => void>();
  private work: Promise<void> = Promise.resolve();

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** want turns devices on and off until they are as wanted. */
  want(changed: Partial<Wanted>): Promise<void> {
    const before = this.wanted;
    this.wanted = { ...before, ...changed };
    const unlike = this.wanted.cameraId !== before.cameraId || this.wanted.blur !== before.blur;
    if (unlike || (this.wanted.camera && !before.camera)) delete this.problems.camera;
    if (this.wanted.microphoneId !== before.microphoneId || (this.wanted.microphone && !before.microphone)) delete this.problems.microphone;
    this.work = this.work.then(() => this.settle());
    return this.work;
  }

  /** settled waits for what is being started, but not for a person who is being asked for permission. */
  settled(patienceMs: number): Promise<unknown> {
    return Promise.race([this.work, new Promise((resolve) => setTimeout(resolve, patienceMs))]);
  }

  /**
   * take hands over what is as it is wanted; the caller has to stop it. Everything else is turned off. late are the devices
   * that are wanted, too, and have neither started nor failed.
   */
  take(): { tracks: LocalTrack[]; late: Device[] } {
    const { camera, microphone, wanted } = this;
    const fits = {
      camera: camera !== null && this.isWanted('camera') && isBlurred(camera) === wanted.blur,
      microphone: microphone !== null && this.isWanted('microphone'),
    };
    const devices = ['camera', 'microphone'] as const;
    const tracks = devices.filter((device) => fits[device]).map((device) => this[device]!);
    const late = devices.filter((device) => wanted[device] && !fits[device] && !this.problems[device]);
    for (const track of [camera, microphone, this.blurring]) if (track && !tracks.includes(track)) track.stop();
    this.camera = this.microphone = this.blurring = null;
    this.over = true;
    return { tracks, late };
  }

  stop() {
    for (const track of this.take().tracks) track.stop();
    this.changed();
  }

  /** isWanted says whether a device is to be on, and is the one that was started. */
  private isWanted(device: Device) {
    const id = `${device}Id` as const;
    return this.wanted[device] && this.wanted[id] === this.startedWith[id];
  }

  private async settle() {
    if (this.over) return;
    const { wanted } = this;
    if (this.camera && !this.isWanted('camera')) {
      this.camera.stop(); // turns its light off
      this.camera = null;
    }
    if (this.microphone && !this.isWanted('microphone')) {
      this.microphone.stop();
      this.microphone = null;
    }
    if (this.camera && isBlurred(this.camera) !== wanted.blur) await this.show(this.camera);
    const missing = {
      camera: wanted.camera && !this.camera && !this.problems.camera,
      microphone: wanted.microphone && !this.microphone && !this.problems.microphone,
    };
    if (!missing.camera && !missing.microphone) return this.changed();
    this.starting = true;
    this.changed();
    if (missing.camera && missing.microphone) {
      // Together, so that the person is asked once; one by one when that fails, so that one device goes without the other.
      const both = await this.create(true, true);
      if (!both) await Promise.all([this.createOne('camera'), this.createOne('microphone')]);
    } else {
      await this.createOne(missing.camera ? 'camera' : 'microphone');
    }
    this.starting = false;
    this.changed();
  }

  private async createOne(device: Device) {
    delete this.problems[device];
    await this.create(device === 'camera', device === 'microphone', (problem) => {
      this.problems[device] = problem;
    });
  }

  /** show takes a camera that is blurred where that is wanted: until then nobody can take it. */
  private async show(camera: LocalVideoTrack) {
    this.camera = null;
    this.blurring = camera;
    this.starting = true;
    this.changed();
    try {
      await fitBlur(camera, this.wanted.blur);
      if (!this.over) this.camera = camera;
    } catch (error) {
      camera.stop();
      this.problems.camera = problemOf(error);
    }
    this.blurring = null;
    this.starting = false;
  }

  private async create(camera: boolean, microphone: boolean, failed?: (problem: Problem) => void): Promise<boolean> {
    if (this.over) return false;
    const { cameraId, microphoneId } = this.wanted;
    try {
      const tracks = await createLocalTracks({
        video: camera && { resolution: VideoPresets.h720.resolution, ...(cameraId && { deviceId: cameraId }) },
        audio: microphone && (microphoneId ? { deviceId: microphoneId } : true),
      });
      if (camera) this.startedWith.cameraId = cameraId;
      if (microphone) this.startedWith.microphoneId = microphoneId;
      for (const track of tracks) {
        if (this.over) track.stop();
        else if (!(track instanceof LocalVideoTrack)) this.microphone = track as LocalAudioTrack;
      }
      for (const track of tracks) if (track instanceof LocalVideoTrack && !this.over) await this.show(track);
      return true;
    } catch (error) {
      failed?.(problemOf(error));
      return false;
    }
  }

  private changed() {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}

/** problemOf sorts a browser's error into what people can do about it. */
export function problemOf(error: unknown): Problem {
  if (error instanceof BlurError) return 'unblurred';
  switch (MediaDeviceFailure.getFailure(error)) {
    case MediaDeviceFailure.PermissionDenied:
      return 'denied';
    case MediaDeviceFailure.NotFound:
      return 'missing';
    default:
      return 'busy';
  }
}
