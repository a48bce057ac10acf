import { type TrackReference, useIsMuted, useMediaDeviceSelect, useRoomContext } from '@livekit/components-react';
import { type LocalVideoTrack, facingModeFromLocalTrack } from 'livekit-client';
import { useState } from 'react';
import { problemOf } from '../media/preview';
import { FlipIcon } from './icons';
import type { Notices } from './notices';
import { deviceProblem } from './watch';
import { callText } from './words';

interface Props {
  trackRef: TrackReference;
  track: LocalVideoTrack;
  notices: Notices;
  /** flipped is called when another camera shows. */
  flipped(): void;
}

/** FlipCamera changes between the two sides of a phone. It is there while the camera is on, where a finger is used and there is more than one. */
export function FlipCamera({ trackRef, track, notices, flipped }: Props) {
  const room = useRoomContext();
  const cameras = useMediaDeviceSelect({ kind: 'videoinput', room, requestPermissions: false }).devices;
  const off = useIsMuted(trackRef);
  const [busy, setBusy] = useState(false);
  if (off || cameras.length < 2 || !matchMedia('(pointer: coarse)').matches) return null;
  const flip = async () => {
    setBusy(true);
    try {
      const away = facingModeFromLocalTrack(track).facingMode === 'environment';
      await track.restartTrack({ facingMode: away ? 'user' : 'environment' });
      flipped();
    } catch (error) {
      notices.tell(deviceProblem(problemOf(error), 'camera'), { topic: 'device', tone: 'warning' });
    }
    setBusy(false);
  };
  return (
    <button className="lk-button icon-button flip" disabled={busy} aria-label={callText.tile.flip} title={callText.tile.flip} onClick={() => void flip()}>
      <FlipIcon />
    </button>
  );
}
