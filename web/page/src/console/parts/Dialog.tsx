import { type FormEvent, type ReactNode, useEffect, useId, useRef } from 'react';
import { text } from '../text';
import { type Action, useSession } from '../useTool';
import { Problem } from './Table';

/** Dialog stands over everything until it is closed. */
export function Dialog({ heading, close, children }: { heading: string; close(): void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => opener?.focus();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close}>
      <div className="dialog-head">
        <h2 id={id} className="wrap">
          <bdi dir="auto">{heading}</bdi>
        </h2>
        <button onClick={close}>{text.close}</button>
      </div>
      {children}
    </dialog>
  );
}

interface FormProps {
  action: Action;
  submit: string;
  danger?: boolean;
  /** ready says whether it may be sent. */
  ready?: boolean;
  children: ReactNode;
}

/** Form is fields with a button that does what they say. */
export function Form({ action, submit, danger, ready = true, children }: FormProps) {
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (ready) void action.run();
  };
  return (
    <form className="stack" onSubmit={send}>
      {children}
      <Problem error={action.error} />
      <button type="submit" className={danger ? 'danger' : 'primary'} disabled={!ready || action.busy}>
        {submit}
      </button>
    </form>
  );
}

interface FieldProps {
  label: string;
  hint?: string;
  value: string;
  change(value: string): void;
  type?: string;
  max?: number;
}

/** Field is a line of text with its label. */
export function Field({ label, hint, value, change, type = 'text', max }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} type={type} value={value} maxLength={max} min={0} autoComplete="off" aria-describedby={hint && `${id}hint`} onChange={(event) => change(event.target.value)} />
      {hint && (
        <span id={`${id}hint`} className="quiet small">
          {hint}
        </span>
      )}
    </div>
  );
}

/** Check is a box to tick. */
export function Check({ label, value, change }: { label: string; value: boolean; change(value: boolean): void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={value} onChange={(event) => change(event.target.checked)} />
      {label}
    </label>
  );
}

/** Command shows a command for a terminal, with a button that copies it where the browser can. */
export function Command({ command }: { command: string }) {
  const { tell } = useSession();
  const copy = () => void navigator.clipboard.writeText(command).then(() => tell(text.copied(command)));
  return (
    <span className="copy">
      <code className="command wrap">{command}</code>
      {'clipboard' in navigator && (
        <button onClick={copy} aria-label={text.copyThat(command)}>
          {text.copy}
        </button>
      )}
    </span>
  );
}

/** Copy shows a link, with a button that copies it where the browser can. */
export function Copy({ link }: { link: string }) {
  return (
    <p className="copy">
      <a href={link} target="_blank" rel="noreferrer" className="wrap">
        {link}
      </a>
      {'clipboard' in navigator && <button onClick={() => void navigator.clipboard.writeText(link)}>{text.copy}</button>}
    </p>
  );
}
