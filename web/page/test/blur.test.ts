// @vitest-environment jsdom
import { type LocalVideoTrack, MediaDeviceFailure, type Room, RoomEvent, Track, type VideoProcessorOptions } from 'livekit-client';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Blur, BlurError, canBlur, keepBlurred, switchBlur } from '../src/media/blur';
import { problemOf } from '../src/media/preview';
import { keepChoices, readChoices } from '../src/storage';
import { Events } from './events';

const { startBlurring } = vi.hoisted(() => ({ startBlurring: vi.fn() }));
vi.mock('../src/media/blurring', () => ({ startBlurring }));

const worker = (name: string) => ({ processedTrack: name as unknown as MediaStreamTrack, destroy: vi.fn(async () => {}) });
const options = () => ({ track: { stop: vi.fn() } }) as unknown as VideoProcessorOptions & { track: { stop: ReturnType<typeof vi.fn> } };

beforeEach(() => {
  localStorage.clear();
  startBlurring.mockReset();
});

/** camera is one that is published; room is where. */
function call({ muted = false, processor = undefined as unknown } = {}) {
  const camera = {
    isMuted: muted,
    getProcessor: () => processor,
    setProcessor: vi.fn(async (made: Blur) => {
      await made.init(options());
      processor = made;
    }),
    stopProcessor: vi.fn(async () => (processor = undefined)),
  };
  let published: typeof camera | undefined = camera;
  const me = {
    getTrackPublication: () => published && { track: published as unknown as LocalVideoTrack },
    unpublishTrack: vi.fn(async () => (published = undefined)),
  };
  const room = Object.assign(new Events(), { localParticipant: me, options: { videoCaptureDefaults: {} as { processor?: unknown } } });
  return { camera, me, room, asRoom: room as unknown as Room };
}

describe('a blurred camera', () => {
  it('is sent as before until the new one is ready', async () => {
    const [first, second] = [worker('first'), worker('second')];
    startBlurring.mockResolvedValueOnce(first);
    const blur = new Blur();
    await blur.init(options());
    expect(blur.processedTrack).toBe('first');
    let ready = (_: typeof second) => {};
    startBlurring.mockReturnValueOnce(new Promise((resolve) => (ready = resolve)));
    const restarted = blur.restart(options());
    await vi.waitFor(() => expect(startBlurring).toHaveBeenCalledTimes(2));
    expect(first.destroy).toHaveBeenCalled();
    expect(blur.processedTrack).toBe('first');
    ready(second);
    await restarted;
    expect(blur.processedTrack).toBe('second');
  });
  it('that cannot be blurred is stopped, and says so', async () => {
    startBlurring.mockRejectedValue(new TypeError('no WebGL'));
    const at = options();
    const error = await new Blur().init(at).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BlurError);
    expect(at.track.stop).toHaveBeenCalled();
    expect(problemOf(error)).toBe('unblurred');
    expect(problemOf(new DOMException('', 'NotFoundError'))).toBe('missing');
    expect(MediaDeviceFailure.getFailure(error as Error)).toBe(MediaDeviceFailure.Other);
  });
  it('ends when another camera cannot be blurred', async () => {
    startBlurring.mockResolvedValueOnce(worker('first')).mockRejectedValueOnce(new Error());
    const blur = new Blur();
    const { room, me, asRoom } = call({ processor: blur });
    const told = vi.fn();
    room.on(RoomEvent.MediaDevicesError, told);
    await blur.init(options());
    await blur.onPublish(asRoom);
    await expect(blur.restart(options())).rejects.toThrow(BlurError);
    expect(me.unpublishTrack).toHaveBeenCalled();
    expect(told).toHaveBeenCalledWith(expect.any(BlurError), 'videoinput');
  });
});

describe('in a call', () => {
  it('blur is switched on and off and remembered', async () => {
    startBlurring.mockResolvedValue(worker('made'));
    const { camera, asRoom } = call();
    await switchBlur(asRoom, true);
    expect(camera.setProcessor).toHaveBeenCalledWith(expect.any(Blur));
    expect(readChoices().blur).toBe(true);
    await switchBlur(asRoom, true);
    expect(camera.setProcessor).toHaveBeenCalledTimes(1);
    await switchBlur(asRoom, false);
    expect(camera.stopProcessor).toHaveBeenCalled();
    expect(readChoices().blur).toBe(false);
  });
  it('a camera that is off is another one when it comes back', async () => {
    const { camera, me, asRoom } = call({ muted: true });
    await switchBlur(asRoom, true);
    expect(camera.setProcessor).not.toHaveBeenCalled();
    expect(me.unpublishTrack).toHaveBeenCalledWith(camera);
  });
  it('a camera that cannot be blurred is no longer published', async () => {
    startBlurring.mockRejectedValue(new Error());
    const { me, asRoom } = call();
    await switchBlur(asRoom, true);
    expect(me.unpublishTrack).toHaveBeenCalled();
  });
  it('new cameras are blurred when that is wanted by then', async () => {
    startBlurring.mockResolvedValue(worker('made'));
    const { room, camera, asRoom } = call();
    keepBlurred(asRoom);
    expect(room.options.videoCaptureDefaults.processor).toBeUndefined();
    keepChoices({ blur: true });
    expect(room.options.videoCaptureDefaults.processor).toBeInstanceOf(Blur);
    expect(room.options.videoCaptureDefaults.processor).not.toBe(room.options.videoCaptureDefaults.processor);
    room.emit(RoomEvent.LocalTrackPublished, { source: Track.Source.Microphone });
    expect(camera.setProcessor).not.toHaveBeenCalled();
    room.emit(RoomEvent.LocalTrackPublished, { source: Track.Source.Camera });
    await vi.waitFor(() => expect(camera.setProcessor).toHaveBeenCalled());
  });
});

it('a browser without frames of video cannot blur', () => {
  expect(canBlur()).toBe(false);
});
