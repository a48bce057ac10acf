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
  it('hands over what has started', async () => {
    const { preview, asked, started } = starting();
    await asked;
    const tracks = [camera(), microphone()];
    started(...tracks);
    await preview.settled(60_000);
    expect(preview.take()).toEqual({ tracks, late: [] });
    preview.stop();
    for (const { stop } of tracks) expect(stop).not.toHaveBeenCalled();
  });

  it('names what is late, and turns it off when it has started', async () => {
    const { preview, asked, started } = starting();
    await asked;
    await preview.settled(1);
    expect(preview.take()).toEqual({ tracks: [], late: ['camera', 'microphone'] });
    const tracks = [camera(), microphone()];
    started(...tracks);
    await preview.settled(60_000);
    for (const { stop } of tracks) expect(stop).toHaveBeenCalledOnce();
  });

  it('hands over nothing that is not wanted any more, or otherwise', async () => {
    const { preview, asked, started } = starting();
    await asked;
    void preview.want({ microphone: false });
    const [seen, heard] = [camera(), microphone()];
    started(seen, heard);
    await preview.settled(60_000);
    createLocalTracks.mockReturnValue(new Promise(() => {}));
    void preview.want({ microphone: true });
    void preview.want({ cameraId: 'another' });
    expect(preview.take()).toEqual({ tracks: [], late: ['camera', 'microphone'] });
    for (const { stop } of [seen, heard]) expect(stop).toHaveBeenCalledOnce();
  });

  it('asks for nothing more once it is over', async () => {
    const { preview, asked, fails } = starting();
    await asked;
    preview.stop();
    createLocalTracks.mockClear();
    fails(Object.assign(new Error('denied'), { name: 'NotAllowedError' }));
    await preview.want({ camera: false });
    await preview.want({ camera: true });
    expect(createLocalTracks).not.toHaveBeenCalled();
  });
});
