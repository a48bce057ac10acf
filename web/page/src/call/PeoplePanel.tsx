import { CameraDisabledIcon, CameraIcon, LockLockedIcon, MicDisabledIcon, MicIcon } from '@livekit/components-react';
import type { Participant } from 'livekit-client';
import type { HostView } from '../api';
import { cleanName } from '../names';
import { Name } from '../screens/Screen';
import { text } from '../text';
import type { OpenMenu } from './HostMenu';
import { Hand, byHand } from './hand';
import { RoomActions } from './RoomActions';
import { type Offer, isLocked } from './hosting';
import { MoreIcon } from './icons';
import { callText } from './words';

interface Props {
  people: Participant[];
  /** view, openMenu and choose are of a host. */
  view: HostView | null;
  openMenu: OpenMenu;
  /** opened is the identity of the person with the open menu. */
  opened: string | null;
  choose(offer: Offer): void;
}

export function PeoplePanel({ people, view, openMenu, opened, choose }: Props) {
  return (
    <>
      {view && <RoomActions view={view} choose={choose} />}
      <div className="panel-scroll" tabIndex={0} role="region" aria-label={callText.people.list}>
        <ul className="people">
          {people.toSorted(byHand).map((person) => (
            <Person key={person.identity} person={person} locked={view !== null && isLocked(person, view)} openMenu={person.isLocal ? null : openMenu} opened={opened === person.identity} />
          ))}
        </ul>
      </div>
    </>
  );
}

function Person({ person, locked, openMenu, opened }: { person: Participant; locked: boolean; openMenu: OpenMenu; opened: boolean }) {
  const role = text.role(person.attributes.role ?? '');
  const about = person.isLocal ? callText.people.yourself(role) : role;
  const name = cleanName(person.name ?? '') || text.nobody;
  const microphone = person.isMicrophoneEnabled;
  const camera = person.isCameraEnabled;
  return (
    <li data-identity={person.identity}>
      <span className="person">
        {openMenu ? (
          <button className="person-button" aria-haspopup="menu" aria-expanded={opened} onClick={(event) => openMenu(person.identity, event.currentTarget)}>
            <Name>{name}</Name>
            <MoreIcon />
          </button>
        ) : (
          <Name>{name}</Name>
        )}
        <span className="quiet small">{about && <Name className="role">{about}</Name>}</span>
      </span>
      <Hand person={person} />
      {locked && <State words={callText.people.locked} icon={LockLockedIcon} off />}
      <State off={!microphone} words={microphone ? callText.people.microphoneOn : callText.people.microphoneOff} icon={microphone ? MicIcon : MicDisabledIcon} />
      <State off={!camera} words={camera ? callText.people.cameraOn : callText.people.cameraOff} icon={camera ? CameraIcon : CameraDisabledIcon} />
    </li>
  );
}

function State({ off, words, icon: Icon }: { off: boolean; words: string; icon: typeof MicIcon }) {
  return (
    <span className={off ? 'device-state device-off' : 'device-state'} role="img" aria-label={words} title={words}>
      <Icon aria-hidden="true" />
    </span>
  );
}
