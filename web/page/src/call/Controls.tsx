import { ChatIcon, DisconnectButton, GearIcon, LeaveIcon, LockLockedIcon, TrackToggle } from '@livekit/components-react';
import { Track } from 'livekit-client';
import type { ReactNode } from 'react';
import { Name } from '../screens/Screen';
import { text } from '../text';
import type { Call } from './enter';
import { GridIcon, LinkIcon, PeopleIcon, SpeakerIcon } from './icons';
import { type PanelName, openerId, panelId } from './Panel';
import { type ParticipantPermission, may } from './rights';
import { useShownView } from './useShownView';

/** View is how the stage is laid out; auto is the grid, or the speaker view while a screen is shared. */
export type View = 'auto' | 'grid' | 'speaker';

interface Props {
  call: Call;
  permissions: ParticipantPermission | undefined;
  panel: PanelName | null;
  setPanel(panel: PanelName | null): void;
  view: View;
  setView(view: View): void;
  unread: number;
  people: number;
  leave(): void;
}

// Phones cannot share their screen.
const canShareScreen = () => typeof navigator.mediaDevices?.getDisplayMedia === 'function';
const screenCapture = { audio: true, selfBrowserSurface: 'include' as const };

/** Controls offers what the person may do here and now, and nothing else. */
export function Controls({ call, permissions, panel, setPanel, view, setView, unread, people, leave }: Props) {
  const devices = navigator.mediaDevices !== undefined;
  const shown = useShownView(view, call);
  const toggle = (name: PanelName) => ({ name, open: panel === name, onClick: () => setPanel(panel === name ? null : name) });
  return (
    <div className="controls" role="group" aria-label={text.call.controls}>
      <span className="room-name">
        {call.stored.invitation.e2ee && <LockLockedIcon role="img" aria-label={text.call.encrypted} />}
        <Name>{call.stored.invitation.room_name}</Name>
      </span>
      {devices && may(permissions, 'microphone') && (
        <TrackToggle source={Track.Source.Microphone} aria-label={text.call.microphone} title={text.call.microphone}>
          <Label>{text.call.microphone}</Label>
        </TrackToggle>
      )}
      {devices && may(permissions, 'camera') && (
        <TrackToggle source={Track.Source.Camera} aria-label={text.call.camera} title={text.call.camera}>
          <Label>{text.call.camera}</Label>
        </TrackToggle>
      )}
      {canShareScreen() && may(permissions, 'screen_share') && (
        <TrackToggle source={Track.Source.ScreenShare} captureOptions={screenCapture} aria-label={text.call.share} title={text.call.share}>
          <Label>{text.call.shareShort}</Label>
        </TrackToggle>
      )}
      <button
        className="lk-button view-toggle"
        aria-pressed={shown === 'speaker'}
        aria-label={text.call.speaker}
        title={text.call.speaker}
        onClick={() => setView(shown === 'speaker' ? 'grid' : 'speaker')}
      >
        {shown === 'speaker' ? <SpeakerIcon /> : <GridIcon />}
        <Label>{text.call.view}</Label>
      </button>
      {may(permissions, 'chat') && (
        <PanelButton {...toggle('chat')} label={unread > 0 ? text.call.chatUnread(unread) : text.call.chat} words={text.call.chat} icon={<ChatIcon aria-hidden="true" />} badge={unread} />
      )}
      <PanelButton {...toggle('people')} label={text.call.peopleCount(people)} words={text.call.people} icon={<PeopleIcon />} badge={people} quiet />
      {call.key && <PanelButton {...toggle('invite')} label={text.call.invite} words={text.call.invite} icon={<LinkIcon />} />}
      <PanelButton {...toggle('settings')} label={text.call.settings} words={text.call.settings} icon={<GearIcon aria-hidden="true" />} />
      <DisconnectButton onClick={leave} aria-label={text.call.leave} title={text.call.leave}>
        <LeaveIcon aria-hidden="true" />
        <Label>{text.call.leave}</Label>
      </DisconnectButton>
    </div>
  );
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
