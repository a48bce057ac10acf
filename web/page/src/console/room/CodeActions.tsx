import { useId, useState } from 'react';
import { Check, Copy, Dialog, Field, Form } from '../parts/Dialog';
import { Problem } from '../parts/Table';
import type { Code } from '../shapes';
import { text } from '../text';
import { useAction, useSession } from '../useTool';

const words = text.codes;

interface Props {
  code: Code;
  /** active says whether the room is. */
  active: boolean;
  close(): void;
  changed(): void;
}

/** CodeActions shows the link of a code with its QR code, and what can be done to it. */
export function CodeActions({ code, active, close, changed }: Props) {
  const { client, tools, tell } = useSession();
  const [remove, setRemove] = useState(false);
  const [drawn, setDrawn] = useState(true);
  const { enabled } = code;
  const toggle = useAction(async () => {
    await client.call('update_room_code', { code: code.code, enabled: !enabled, ...(enabled && { remove_participants: remove }) });
    tell(enabled ? words.wasDisabled(code.code) : words.wasEnabled(code.code));
    changed();
    close();
  });
  const rotate = useAction(async () => {
    const made = await client.call<{ code: Code }>('rotate_room_code', { code: code.code, remove_participants: remove });
    tell(words.wasRotated(made.code.code));
    changed();
    close();
  });
  return (
    <Dialog heading={code.code} close={close}>
      <Copy link={code.join_url} />
      {enabled && active && drawn ? (
        <img className="qr" src={`/join/${encodeURIComponent(code.code)}/qr.svg`} alt={words.qr(code.code)} onError={() => setDrawn(false)} />
      ) : (
        <p className="quiet">{words.noQR}</p>
      )}
      <div className="stack">
        <Check label={words.remove} value={remove} change={setRemove} />
        <Problem error={toggle.error ?? rotate.error} />
        {tools.has('update_room_code') && (
          <button className={enabled ? 'danger' : undefined} disabled={toggle.busy} onClick={() => void toggle.run()}>
            {enabled ? words.disable : words.enable}
          </button>
        )}
        {tools.has('rotate_room_code') && (
          <button className="danger" disabled={rotate.busy} onClick={() => void rotate.run()}>
            {words.rotate}
          </button>
        )}
      </div>
    </Dialog>
  );
}

/** CreateCode asks what a new code is for, and makes it. */
export function CreateCode({ id, roles, close, changed }: { id: string; roles: string[]; close(): void; changed(): void }) {
  const { client, tell } = useSession();
  const field = useId();
  const [role, setRole] = useState('guest');
  const [label, setLabel] = useState('');
  const [most, setMost] = useState('0');
  const [lives, setLives] = useState(0);
  const action = useAction(async () => {
    const args = { room_id: id, role, label, max_uses: Number(most) || 0, expires_in_seconds: lives };
    const { codes } = await client.call<{ codes: Code[] }>('create_room_codes', args);
    tell(words.wasCreated(codes[0]?.code ?? ''));
    changed();
    close();
  });
  return (
    <Dialog heading={words.create} close={close}>
      <Form action={action} submit={words.submit}>
        <div className="field">
          <label htmlFor={`${field}role`}>{words.role}</label>
          <select id={`${field}role`} value={role} onChange={(event) => setRole(event.target.value)}>
            {roles.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <Field label={words.label} hint={words.labelHint} value={label} change={setLabel} max={80} />
        <Field label={words.mostUses} hint={words.mostUsesHint} value={most} change={setMost} type="number" />
        <div className="field">
          <label htmlFor={`${field}lives`}>{words.lives}</label>
          <select id={`${field}lives`} value={lives} onChange={(event) => setLives(Number(event.target.value))}>
            {words.spans.map(([seconds, name]) => (
              <option key={seconds} value={seconds}>
                {name}
              </option>
            ))}
          </select>
        </div>
      </Form>
    </Dialog>
  );
}
