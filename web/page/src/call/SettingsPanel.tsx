import { useRoomContext } from '@livekit/components-react';
import { DeviceChoice, useChoosable } from '../media/DeviceChoice';
import { keepChoices } from '../storage';
import { text } from '../text';
import { type ParticipantPermission, may } from './rights';

export function SettingsPanel({ permissions }: { permissions: ParticipantPermission | undefined }) {
  if (!navigator.mediaDevices) return <p className="panel-scroll">{text.devices.insecure}</p>;
  return <Devices permissions={permissions} />;
}

function Devices({ permissions }: { permissions: ParticipantPermission | undefined }) {
  const room = useRoomContext();
  const microphone = useChoosable('audioinput', room) && may(permissions, 'microphone');
  const camera = useChoosable('videoinput', room) && may(permissions, 'camera');
  const speaker = useChoosable('audiooutput', room);
  return (
    <div className="panel-scroll settings">
      <p className="quiet">{microphone || camera || speaker ? text.settings.detail : text.settings.nothing}</p>
      {microphone && <DeviceChoice kind="audioinput" room={room} choose={(microphoneId) => keepChoices({ microphoneId })} />}
      {camera && <DeviceChoice kind="videoinput" room={room} choose={(cameraId) => keepChoices({ cameraId })} />}
      {speaker && <DeviceChoice kind="audiooutput" room={room} choose={(speakerId) => keepChoices({ speakerId })} />}
    </div>
  );
}
