import { CameraDisabledIcon, CameraIcon, MicDisabledIcon, MicIcon } from '@livekit/components-react';
import type { Participant } from 'livekit-client';
import { cleanName } from '../names';
import { Name } from '../screens/Screen';
import { text } from '../text';

export function PeoplePanel({ people }: { people: Participant[] }) {
  return (
    <div className="panel-scroll" tabIndex={0} role="region" aria-label={text.people.list}>
      <ul className="people">
        {people.map((person) => (
          <Person key={person.identity} person={person} />
        ))}
      </ul>
    </div>
  );
}

function Person({ person }: { person: Participant }) {
  const role = text.role(person.attributes.role ?? '');
  const about = person.isLocal ? text.people.yourself(role) : role;
  const microphone = person.isMicrophoneEnabled;
  const camera = person.isCameraEnabled;
  return (
    <li data-identity={person.identity}>
      <span className="person">
        <Name>{cleanName(person.name ?? '') || text.nobody}</Name>
        <span className="quiet small">{about && <Name className="role">{about}</Name>}</span>
      </span>
      <Device on={microphone} words={microphone ? text.people.microphoneOn : text.people.microphoneOff} icon={microphone ? MicIcon : MicDisabledIcon} />
      <Device on={camera} words={camera ? text.people.cameraOn : text.people.cameraOff} icon={camera ? CameraIcon : CameraDisabledIcon} />
    </li>
  );
}

function Device({ on, words, icon: Icon }: { on: boolean; words: string; icon: typeof MicIcon }) {
  return (
    <span className={on ? 'device-state' : 'device-state device-off'} role="img" aria-label={words} title={words}>
      <Icon aria-hidden="true" />
    </span>
  );
}
