import { useId, useRef, useState } from 'react';
import { pathOf } from '../code';
import { fragmentOf } from '../key';
import { text } from '../text';

/**
 * InvitePanel hands out the key of an encrypted room. It never shows the link
 * that this page was opened with: that one opens the room in the host's role.
 */
export function InvitePanel({ fragmentKey, room }: { fragmentKey: string; room: string }) {
  const fragment = fragmentOf(fragmentKey);
  const link = location.origin + pathOf({ kind: 'room', room }) + fragment;
  return (
    <div className="panel-scroll stack">
      <p>{text.invite.detail}</p>
      <Copyable label={text.invite.link} detail={text.invite.linkDetail} button={text.invite.copyLink} value={link} />
      <Copyable label={text.invite.fragment} detail={text.invite.fragmentDetail} button={text.invite.copyKey} value={fragment} />
    </div>
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
      setResult(text.invite.copied);
    } catch {
      setResult(text.invite.notCopied);
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
