import { useRoomContext } from '@livekit/components-react';
import type { Room } from 'livekit-client';
import { useState } from 'react';
import { BlurSwitch } from '../media/BlurSwitch';
import { DeviceChoice, useChoosable } from '../media/DeviceChoice';
import { switchBlur } from '../media/blur';
import { keepChoices, readChoices } from '../storage';
import { text } from '../text';
import { type ParticipantPermission, may } from './rights';
import { shortcutKeys } from './shortcuts';
import { callText } from './words';

export function SettingsPanel({ permissions }: { permissions: ParticipantPermission | undefined }) {
  return (
    <div className="panel-scroll settings">
      {navigator.mediaDevices ? <Devices permissions={permissions} /> : <p>{text.devices.insecure}</p>}
      <Switch choice="sounds" words={callText.settings.sounds} />
      <Switch choice="shortcuts" words={callText.settings.shortcuts} />
      <dl className="shortcuts">
        {Object.entries(shortcutKeys).map(([control, key]) => (
          <div key={key}>
            <dt>{callText.settings.shortcut[control as keyof typeof shortcutKeys]}</dt>
            <dd>
              <kbd>{key.toUpperCase()}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Devices({ permissions }: { permissions: ParticipantPermission | undefined }) {
  const room = useRoomContext();
  const microphone = useChoosable('audioinput', room) && may(permissions, 'microphone');
  const camera = useChoosable('videoinput', room) && may(permissions, 'camera');
  const speaker = useChoosable('audiooutput', room);
  return (
    <>
      <p className="quiet">{microphone || camera || speaker ? callText.settings.detail : callText.settings.nothing}</p>
      {microphone && <DeviceChoice kind="audioinput" room={room} choose={(microphoneId) => keepChoices({ microphoneId })} />}
      {camera && <DeviceChoice kind="videoinput" room={room} choose={(cameraId) => keepChoices({ cameraId })} />}
      {may(permissions, 'camera') && <Blurring room={room} />}
      {speaker && <DeviceChoice kind="audiooutput" room={room} choose={(speakerId) => keepChoices({ speakerId })} />}
    </>
  );
}

function Blurring({ room }: { room: Room }) {
  const [on, setOn] = useState(readChoices().blur);
  const change = (to: boolean) => {
    setOn(to);
    void switchBlur(room, to);
  };
  return <BlurSwitch on={on} change={change} />;
}

function Switch({ choice, words }: { choice: 'sounds' | 'shortcuts'; words: string }) {
  const [on, setOn] = useState(readChoices()[choice]);
  const change = (to: boolean) => {
    setOn(to);
    keepChoices({ [choice]: to });
  };
  return (
    <label className="switch">
      <input type="checkbox" checked={on} onChange={(event) => change(event.target.checked)} />
      {words}
    </label>
  );
}
