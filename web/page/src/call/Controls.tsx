import { ChatIcon, DisconnectButton, GearIcon, LeaveIcon, LockLockedIcon, TrackToggle } from '@livekit/components-react';
import { Track } from 'livekit-client';
import { type ReactNode, useState } from 'react';
import { titleOf } from '../names';
import { Name } from '../screens/Screen';
import { text } from '../text';
import type { Call } from './enter';
import { HandButton } from './hand';
import { Duration } from './Duration';
import { GridIcon, LinkIcon, PeopleIcon, SpeakerIcon } from './icons';
import { type PanelName, openerId, panelId } from './Panel';
import { type ParticipantPermission, type Right, may, rights } from './rights';
import { shortcutKeys } from './shortcuts';
import { useShownView } from './useShownView';
import { callText } from './words';

/** View is how the stage is laid out; auto is the grid, or the speaker view while a screen is shared. */
export type View = 'auto' | 'grid' | 'speaker';

interface Props {
  call: Call;
  mayInvite: boolean;
  permissions: ParticipantPermission | undefined;
  panel: PanelName | null;
  setPanel(panel: PanelName | null): void;
  view: View;
  setView(view: View): void;
  /** chat says whether there is anything to read or write for the person. */
  chat: boolean;
  unread: number;
  people: number;
  leave(): void;
}

// Phones cannot share their screen.
const canShareScreen = () => typeof navigator.mediaDevices?.getDisplayMedia === 'function';
const screenCapture = { audio: true, selfBrowserSurface: 'include' as const };

/** Controls offers what the person may do here and now, and nothing else. */
export function Controls({ call, mayInvite, permissions, panel, setPanel, view, setView, chat, unread, people, leave }: Props) {
  const devices = navigator.mediaDevices !== undefined;
  const shown = useShownView(view, call);
  const had = useHad(permissions);
  const gap = (right: Right) => had.has(right) && <span className="control-gap" aria-hidden="true" />;
  const toggle = (name: PanelName) => ({ name, open: panel === name, onClick: () => setPanel(panel === name ? null : name) });
  return (
    <div className="controls" role="group" aria-label={callText.call.controls}>
      <span className="room-name">
        {call.stored.invitation.e2ee && <LockLockedIcon role="img" aria-label={callText.call.encrypted} />}
        <Name>{titleOf(call.stored.invitation)}</Name>
        <Duration />
      </span>
      {devices && may(permissions, 'microphone') ? (
        <TrackToggle source={Track.Source.Microphone} aria-keyshortcuts={shortcutKeys.microphone} aria-label={callText.call.microphone} title={callText.call.microphone}>
          <Label>{callText.call.microphone}</Label>
        </TrackToggle>
      ) : (
        devices && gap('microphone')
      )}
      {devices && may(permissions, 'camera') ? (
        <TrackToggle source={Track.Source.Camera} aria-keyshortcuts={shortcutKeys.camera} aria-label={callText.call.camera} title={callText.call.camera}>
          <Label>{callText.call.camera}</Label>
        </TrackToggle>
      ) : (
        devices && gap('camera')
      )}
      {canShareScreen() && may(permissions, 'screen_share') ? (
        <TrackToggle source={Track.Source.ScreenShare} captureOptions={screenCapture} aria-keyshortcuts={shortcutKeys.share} aria-label={callText.call.share} title={callText.call.share}>
          <Label>{callText.call.shareShort}</Label>
        </TrackToggle>
      ) : (
        canShareScreen() && gap('screen_share')
      )}
      <button
        className="lk-button view-toggle"
        aria-pressed={shown === 'speaker'}
        aria-keyshortcuts={shortcutKeys.view}
        aria-label={callText.call.speaker}
        title={callText.call.speaker}
        onClick={() => setView(shown === 'speaker' ? 'grid' : 'speaker')}
      >
        {shown === 'speaker' ? <SpeakerIcon /> : <GridIcon />}
        <Label>{callText.call.view}</Label>
      </button>
      <HandButton call={call} />
      {chat ? (
        <PanelButton {...toggle('chat')} label={unread > 0 ? callText.call.chatUnread(unread) : callText.call.chat} words={callText.call.chat} icon={<ChatIcon aria-hidden="true" />} badge={unread} />
      ) : (
        gap('chat')
      )}
      <PanelButton {...toggle('people')} label={callText.call.peopleCount(people)} words={callText.call.people} icon={<PeopleIcon />} badge={people} quiet />
      {mayInvite && <PanelButton {...toggle('invite')} label={callText.call.invite} words={callText.call.invite} icon={<LinkIcon />} />}
      <PanelButton {...toggle('settings')} label={callText.call.settings} words={callText.call.settings} icon={<GearIcon aria-hidden="true" />} />
      <DisconnectButton onClick={leave} aria-label={text.call.leave} title={text.call.leave}>
        <LeaveIcon aria-hidden="true" />
        <Label>{text.call.leave}</Label>
      </DisconnectButton>
    </div>
  );
}

/** useHad gives the rights that the person has or had in this call: the other controls stay where they are when one goes. */
function useHad(permissions: ParticipantPermission | undefined): Set<Right> {
  const [had] = useState(() => new Set<Right>());
  for (const right of rights) if (may(permissions, right)) had.add(right);
  return had;
}

interface PanelButtonProps {
  name: PanelName;
  open: boolean;
  onClick(): void;
  label: string;
  words: string;
  icon: ReactNode;
  badge?: number;
  quiet?: boolean;
}

function PanelButton({ name, open, onClick, label, words, icon, badge = 0, quiet }: PanelButtonProps) {
  return (
    <button
      id={openerId(name)}
      className="lk-button"
      aria-expanded={open}
      aria-controls={open ? panelId(name) : undefined}
      aria-label={label}
      aria-keyshortcuts={shortcutKeys[name]}
      title={words}
      onClick={onClick}
      data-opens={name}
    >
      {icon}
      <Label>{words}</Label>
      {badge > 0 && <span className={quiet ? 'badge badge-quiet' : 'badge'} data-badge={badge} />}
    </button>
  );
}

function Label({ children }: { children: string }) {
  return <span className="label">{children}</span>;
}
