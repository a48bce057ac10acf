import { useMediaDeviceSelect } from '@livekit/components-react';
import type { Room } from 'livekit-client';
import { useId } from 'react';
import { text } from '../text';

const words = { audioinput: 'microphone', videoinput: 'camera', audiooutput: 'speaker' } as const;

interface Props {
  kind: MediaDeviceKind;
  /** room is given in a call: then the choice takes effect there. */
  room?: Room;
  chosen?: string;
  choose(deviceId: string): void;
}

/**
 * DeviceChoice is a native select over LiveKit's list of devices: it is usable
 * on phones and by keyboard, which LiveKit's own menu of buttons is not.
 */
export function DeviceChoice({ kind, room, chosen, choose }: Props) {
  const id = useId();
  const { devices, activeDeviceId, setActiveMediaDevice } = useMediaDeviceSelect({ kind, ...(room && { room }), requestPermissions: false });
  if (!choosable(kind, devices)) return null;
  const value = room ? activeDeviceId : chosen;
  // Without a choice the browser takes its first.
  const known = devices.some((device) => device.deviceId === value);
  const change = (deviceId: string) => {
    choose(deviceId);
    if (room) void setActiveMediaDevice(deviceId).catch(() => {});
  };
  return (
    <p className="device">
      <label htmlFor={id}>{text.devices[words[kind]]}</label>
      <select id={id} value={known ? value : devices[0]?.deviceId} onChange={(event) => change(event.target.value)}>
        {devices.map((device, index) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || text.devices.unnamed(index + 1)}
          </option>
        ))}
      </select>
    </p>
  );
}

/** useChoosable says whether there is a choice of devices of a kind. */
export function useChoosable(kind: MediaDeviceKind, room: Room): boolean {
  return choosable(kind, useMediaDeviceSelect({ kind, room, requestPermissions: false }).devices);
}

function choosable(kind: MediaDeviceKind, devices: MediaDeviceInfo[]): boolean {
  if (kind === 'audiooutput' && !('setSinkId' in HTMLMediaElement.prototype)) return false;
  // Without a permission the browser gives devices no ids.
  return devices.some((device) => device.deviceId !== '');
}
