import { RoomContext, StartAudio, useLocalParticipantPermissions, useParticipants } from '@livekit/components-react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Invitation } from '../api';
import type { Flow } from '../flow';
import { Heading } from '../screens/Screen';
import { text } from '../text';
import '../style/call.css';
import { ChatPanel } from './ChatPanel';
import { Controls, type View } from './Controls';
import { InvitePanel } from './InvitePanel';
import { NoticeList, Spoken } from './NoticeList';
import { type PanelName, Panel } from './Panel';
import { PeoplePanel } from './PeoplePanel';
import { RequestList, headingId } from './RequestList';
import { SettingsPanel } from './SettingsPanel';
import { Sound } from './Sound';
import { Stage } from './Stage';
import type { Call } from './enter';
import { may } from './rights';

interface Props {
  flow: Flow;
  call: Call;
  invitation: Invitation;
}

/** CallScreen is everything that is seen during a call. */
export default function CallScreen(props: Props) {
  return (
    <RoomContext.Provider value={props.call.room}>
      <main className="call" data-screen="call" aria-label={text.call.heading(props.invitation.room_name)}>
        <Inside {...props} />
      </main>
    </RoomContext.Provider>
  );
}

function Inside({ flow, call, invitation }: Props) {
  const permissions = useLocalParticipantPermissions();
  const people = useParticipants();
  const [panel, setPanel] = useState<PanelName | null>(call.madeKey ? 'invite' : null);
  const [chosenView, setView] = useState<View>('auto');
  const unread = useUnread(call, panel === 'chat');
  const mayChat = may(permissions, 'chat');
  const open = panel === 'chat' && !mayChat ? null : panel;
  const close = () => setPanel(null);
  return (
    <>
      <Heading className="visually-hidden" id={headingId}>{text.call.heading(invitation.room_name)}</Heading>
      <Sound call={call} />
      <div className={open ? 'call-body call-body-panel' : 'call-body'}>
        <Stage call={call} view={chosenView} setView={setView} />
        {open === 'chat' && (
          <Panel name="chat" heading={text.chat.heading} close={close}>
            <ChatPanel chat={call.chat} notices={call.notices} />
          </Panel>
        )}
        {open === 'people' && (
          <Panel name="people" heading={text.people.heading} close={close}>
            <PeoplePanel people={people} />
          </Panel>
        )}
        {open === 'settings' && (
          <Panel name="settings" heading={text.settings.heading} close={close}>
            <SettingsPanel permissions={permissions} />
          </Panel>
        )}
        {open === 'invite' && call.key && (
          <Panel name="invite" heading={text.invite.heading} close={close}>
            <InvitePanel fragmentKey={call.key} room={invitation.room_name} />
          </Panel>
        )}
        <div className="overlays">
          <StartAudio label={text.call.startAudio} />
          <NoticeList notices={call.notices} />
          {invitation.admits && <RequestList call={call} />}
        </div>
      </div>
      <Controls
        call={call}
        permissions={permissions}
        panel={open}
        setPanel={setPanel}
        view={chosenView}
        setView={setView}
        unread={unread}
        people={people.length}
        leave={() => flow.leave()}
      />
      <Spoken notices={call.notices} />
    </>
  );
}

/** useUnread counts messages of others that came while the chat was closed. */
function useUnread({ chat }: Call, open: boolean): number {
  const received = useSyncExternalStore(chat.subscribe, chat.count);
  const [seen, setSeen] = useState(0);
  useEffect(() => {
    if (open) setSeen(received);
  }, [received, open]);
  return open ? 0 : received - seen;
}
