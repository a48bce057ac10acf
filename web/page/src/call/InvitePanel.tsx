import { Suspense, lazy, useId, useRef, useState } from 'react';
import { type Invite, invite } from '../api';
import { pathOf } from '../code';
import { fragmentOf } from '../key';
import { Boundary } from '../screens/Boundary';
import { text } from '../text';
import type { Call } from './enter';
import { callText } from './words';

const QRCode = lazy(() => import('./QRCode'));

/** InvitePanel hands out links: of the roles in which a host may invite, and of an encrypted room its key. */
export function InvitePanel({ call, roles }: { call: Call; roles: string[] }) {
  const { key } = call;
  return (
    <div className="panel-scroll stack">
      {roles.length > 0 && <Invitations call={call} roles={roles} />}
      {key && <Key fragment={fragmentOf(key)} room={call.stored.invitation.room_name} />}
    </div>
  );
}

function Invitations({ call, roles }: { call: Call; roles: string[] }) {
  const [shown, setShown] = useState<Invite | null>(null);
  const show = async (role: string) => {
    const reply = await invite(call.token(), role);
    if (reply.kind === 'answered') return setShown(reply.value);
    setShown(null);
    const shut = reply.status === 410 || reply.status === 409;
    call.notices.tell(shut ? callText.invite.shut : callText.invite.failed, { topic: 'invite', tone: 'warning' });
  };
  // The key is added here: the server does not know it.
  const link = shown && shown.join_url + (call.key ? fragmentOf(call.key) : '');
  return (
    <section className="stack" aria-label={callText.invite.people}>
      <p>{callText.invite.choose}</p>
      <div className="role-buttons">
        {roles.map((role) => (
          <button key={role} aria-pressed={shown?.role === role} onClick={() => void show(role)}>
            {callText.invite.as(text.role(role))}
          </button>
        ))}
      </div>
      {shown && link && (
        <>
          <Copyable label={callText.invite.codeLink} detail={call.key ? callText.invite.codeLinkWithKey : callText.invite.codeLinkDetail} button={callText.invite.copyLink} value={link} />
          <Boundary fallback={null}>
            <Suspense>
              <QRCode value={link} />
            </Suspense>
          </Boundary>
          {!call.key && (
            <p className="stack">
              <strong>{callText.invite.spoken}</strong>
              <span className="spoken-code">{shown.code}</span>
              <span className="quiet small">{callText.invite.spokenDetail(location.host)}</span>
            </p>
          )}
        </>
      )}
    </section>
  );
}

/** Key hands out the key of an encrypted room. It never shows the link that this page was opened with: that one opens the room in the host's role. */
function Key({ fragment, room }: { fragment: string; room: string }) {
  const link = location.origin + pathOf({ kind: 'room', room }) + fragment;
  return (
    <>
      <p>{callText.invite.detail}</p>
      <Copyable label={callText.invite.link} detail={callText.invite.linkDetail} button={callText.invite.copyLink} value={link} />
      <Copyable label={callText.invite.fragment} detail={callText.invite.fragmentDetail} button={callText.invite.copyKey} value={fragment} />
    </>
  );
}

function Copyable({ label, detail, button, value }: { label: string; detail: string; button: string; value: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [result, setResult] = useState('');
  const id = useId();
  const copy = async () => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setResult(callText.invite.copied);
    } catch {
      setResult(callText.invite.notCopied);
    }
  };
  return (
    <div className="stack">
      <label htmlFor={id}>{label}</label>
      <input id={id} ref={field} readOnly value={value} onFocus={(event) => event.target.select()} aria-describedby={`${id}detail`} />
      <p id={`${id}detail`} className="quiet small">
        {detail}
      </p>
      <button onClick={() => void copy()}>{button}</button>
      <p role="status" className="small">
        {result}
      </p>
    </div>
  );
}
