import { describe, expect, it, vi } from 'vitest';
import { LocalAudioTrack, LocalVideoTrack } from 'livekit-client';

const { createLocalTracks } = vi.hoisted(() => ({ createLocalTracks: vi.fn() }));
vi.mock('livekit-client', async (original) => ({ ...(await original<object>()), createLocalTracks }));

import { Preview } from '../src/media/preview';

const track = (kind: object) => Object.assign(Object.create(kind), { stop: vi.fn(), getProcessor: () => undefined });
const camera = () => track(LocalVideoTrack.prototype) as LocalVideoTrack;
const microphone = () => track(LocalAudioTrack.prototype) as LocalAudioTrack;

/** starting gives a preview whose devices start, or fail, when the test says so. */
function starting() {
  let settle: { started(tracks: object[]): void; fails(error: Error): void } | null = null;
  createLocalTracks.mockImplementation(() => new Promise((started, fails) => (settle = { started, fails })));
  const preview = new Preview();
  void preview.want({ camera: true, microphone: true });
  const asked = vi.waitFor(() => settle!.started);
  return { preview, asked, started: (...tracks: object[]) => settle!.started(tracks), fails: (error: Error) => settle!.fails(error) };
}

describe('a preview', () => {
  it('hands on what was still starting when it was taken over', async () => {
    const { preview, asked, started } = starting();
    await asked;
    await preview.settled(1);
    expect(preview.take()).toEqual([]);
    const rest = preview.rest();
    const tracks = [camera(), microphone()];
    started(...tracks);
    expect(await rest).toEqual({ tracks, errors: [] });
    for (const { stop } of tracks) expect(stop).not.toHaveBeenCalled();
  });

  it('turns off what was still starting when it was stopped', async () => {
    const { preview, asked, started } = starting();
    await asked;
    preview.take();
    const rest = preview.rest();
    preview.stop();
    const tracks = [camera(), microphone()];
    started(...tracks);
    expect(await rest).toEqual({ tracks: [], errors: [] });
    for (const { stop } of tracks) expect(stop).toHaveBeenCalledOnce();
  });

  it('says what failed after it was taken over, and starts nothing new', async () => {
    const { preview, asked, fails } = starting();
    await asked;
    preview.take();
    const rest = preview.rest();
    const denied = Object.assign(new Error('denied'), { name: 'NotAllowedError' });
    createLocalTracks.mockRejectedValue(denied);
    fails(denied);
    expect(await rest).toEqual({ tracks: [], errors: [['camera', denied], ['microphone', denied]] });
    createLocalTracks.mockClear();
    await preview.want({ microphone: false });
    await preview.want({ microphone: true });
    expect(createLocalTracks).not.toHaveBeenCalled();
  });
});
