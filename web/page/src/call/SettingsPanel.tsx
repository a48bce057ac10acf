import { useRoomContext } from '@livekit/components-react';
import { DeviceChoice } from '../media/DeviceChoice';
import { keepChoices } from '../storage';
import { text } from '../text';
import { type ParticipantPermission, may } from './rights';

export function SettingsPanel({ permissions }: { permissions: ParticipantPermission | undefined }) {
  const room = useRoomContext();
  if (!navigator.mediaDevices) return <p className="note">{text.devices.insecure}</p>;
  return (
    <div className="panel-scroll settings">
      <p className="quiet">{text.settings.detail}</p>
      {may(permissions, 'microphone') && <DeviceChoice kind="audioinput" room={room} choose={(microphoneId) => keepChoices({ microphoneId })} />}
      {may(permissions, 'camera') && <DeviceChoice kind="videoinput" room={room} choose={(cameraId) => keepChoices({ cameraId })} />}
      <DeviceChoice kind="audiooutput" room={room} choose={(speakerId) => keepChoices({ speakerId })} />
    </div>
  );
}
