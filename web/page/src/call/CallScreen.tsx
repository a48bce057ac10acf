import { RoomContext, StartAudio, useLocalParticipantPermissions } from '@livekit/components-react';
import type { Participant } from 'livekit-client';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { HostView, Invitation } from '../api';
import type { Flow } from '../flow';
import { titleOf } from '../names';
import { Heading } from '../screens/Screen';
import { text } from '../text';
import '../style/call.css';
import { ChatPanel } from './ChatPanel';
import { ConfirmDialog } from './ConfirmDialog';
import { Controls, type View } from './Controls';
import { HostMenu, type MenuAt } from './HostMenu';
import { InvitePanel } from './InvitePanel';
import { NoticeList, Spoken } from './NoticeList';
import { type PanelName, Panel } from './Panel';
import { PeoplePanel } from './PeoplePanel';
import { RequestList, headingId } from './RequestList';
import { SettingsPanel } from './SettingsPanel';
import { Sound } from './Sound';
import { Stage } from './Stage';
import type { Call } from './enter';
import { type Offer, act, offersFor } from './hosting';
import { useKept } from './kept';
import { may } from './rights';
import { useShortcuts } from './shortcuts';
import { useHost } from './useHost';
import { useNewName, usePeople, useRole } from './usePeople';
import { useWakeLock } from './useWakeLock';
import { callText } from './words';

export interface CallProps {
  flow: Flow;
  call: Call;
  invitation: Invitation;
}

/** CallScreen is everything that is seen during a call. */
export default function CallScreen(props: CallProps) {
  return (
    <RoomContext.Provider value={props.call.room}>
      <main className="call" data-screen="call" aria-label={callText.call.heading(titleOf(props.invitation))}>
        <Inside {...props} />
      </main>
    </RoomContext.Provider>
  );
}

function Inside({ flow, call, invitation }: CallProps) {
  const permissions = useLocalParticipantPermissions();
  const people = usePeople();
  const role = useRole(call, people);
  useNewName(call, people);
  useShortcuts();
  useWakeLock();
  const [panel, setPanel] = useState<PanelName | null>(call.madeKey ? 'invite' : null);
  const [chosenView, setView] = useState<View>('auto');
  const mayChat = may(permissions, 'chat');
  const unread = useUnread(call, panel === 'chat', mayChat);
  const agentsWrote = useSyncExternalStore(call.chat.subscribe, call.chat.countOfAgents) > 0;
  const chat = mayChat || agentsWrote;
  const isAdmin = people.some((person) => person.isLocal && person.attributes.admin === 'true');
  const host = useHost(call, invitation.hosts || invitation.admits || isAdmin || role !== invitation.role);
  const { opened, openMenu, overlays, choose } = useHosting(call, people, host.view);
  const kept = useKept();
  const open = panel === 'chat' && !chat ? null : panel;
  const close = () => setPanel(null);
  const roles = host.view?.rights.includes('invite') ? host.view.roles : [];
  const mayInvite = call.key !== null || roles.length > 0;
  return (
    <>
      <Heading className="visually-hidden" id={headingId}>{callText.call.heading(titleOf(invitation))}</Heading>
      {overlays}
      <Sound call={call} />
      <div className={open ? 'call-body call-body-panel' : 'call-body'}>
        <Stage call={call} view={chosenView} setView={setView} openMenu={openMenu} opened={opened} />
        {open === 'chat' && (
          <Panel name="chat" heading={text.chat.heading} close={close}>
            <ChatPanel chat={call.chat} notices={call.notices} mayWrite={mayChat} kept={kept} />
          </Panel>
        )}
        {open === 'people' && (
          <Panel name="people" heading={callText.people.heading} close={close}>
            <PeoplePanel people={people} view={host.view} openMenu={openMenu} opened={opened} choose={choose} />
          </Panel>
        )}
        {open === 'settings' && (
          <Panel name="settings" heading={callText.settings.heading} close={close}>
            <SettingsPanel permissions={permissions} />
          </Panel>
        )}
        {open === 'invite' && mayInvite && (
          <Panel name="invite" heading={callText.invite.heading} close={close}>
            <InvitePanel call={call} roles={roles} />
          </Panel>
        )}
        <div className="overlays">
          <StartAudio label={callText.call.startAudio} />
          <NoticeList notices={call.notices} />
          <RequestList call={call} host={host} />
        </div>
      </div>
      <Controls
        call={call}
        mayInvite={mayInvite}
        permissions={permissions}
        panel={open}
        setPanel={setPanel}
        view={chosenView}
        setView={setView}
        chat={chat}
        unread={unread}
        people={people.length}
        leave={() => flow.leave()}
      />
      <Spoken notices={call.notices} />
    </>
  );
}

/** useHosting holds the menu and the dialog of a host. openMenu is there where somebody is one. */
function useHosting(call: Call, people: Participant[], view: HostView | null) {
  const [menu, setMenu] = useState<MenuAt | null>(null);
  const [asked, setAsked] = useState<{ offer: Offer; person?: Participant } | null>(null);
  const choose = (offer: Offer, person?: Participant) => {
    if (offer.asks) setAsked({ offer, person });
    else void act(call, offer, person);
  };
  const person = people.find((who) => who.identity === menu?.identity);
  const offers = person && view ? offersFor(person, call.room.localParticipant.identity, view) : [];
  const overlays = (
    <>
      {asked?.offer.asks && (
        <ConfirmDialog {...asked.offer.asks} action={asked.offer.label} confirm={(typed) => void act(call, asked.offer, asked.person, typed)} close={() => setAsked(null)} />
      )}
      {menu && person && offers.length > 0 && (
        <HostMenu person={person} opener={menu.opener} offers={offers} choose={(offer) => choose(offer, person)} close={() => setMenu(null)} />
      )}
    </>
  );
  const openMenu = view?.rights.some((right) => ['mute', 'video', 'lock', 'remove', 'block', 'role'].includes(right))
    ? (identity: string, opener: HTMLElement) => setMenu(menu?.opener === opener ? null : { identity, opener })
    : null;
  return { opened: menu?.identity ?? null, openMenu, overlays, choose };
}

/** useUnread counts messages of others that came while the chat was closed; of agents alone for somebody who may not chat. */
function useUnread({ chat }: Call, open: boolean, mayChat: boolean): number {
  const received = useSyncExternalStore(chat.subscribe, mayChat ? chat.count : chat.countOfAgents);
  const [seen, setSeen] = useState(0);
  useEffect(() => {
    if (open) setSeen(received);
  }, [received, open]);
  return open ? 0 : Math.max(received - seen, 0);
}
