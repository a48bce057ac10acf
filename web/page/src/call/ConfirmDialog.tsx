import { type FormEvent, useEffect, useId, useRef } from 'react';
import { cleanName, maxName } from '../names';
import type { Question } from './hosting';
import { callText } from './words';

interface Props extends Question {
  action: string;
  /** confirm is called with what was typed, where there is a field. */
  confirm(typed?: string): void;
  close(): void;
}

/** ConfirmDialog asks before something is done that cannot be taken back, or for the name that somebody is to have. */
export function ConfirmDialog({ heading, detail, field, action, confirm, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
    input.current?.select();
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const typed = input.current ? cleanName(input.current.value) : undefined;
    if (typed === '') return input.current?.focus();
    dialog.current?.close();
    confirm(typed);
  };
  return (
    <dialog ref={dialog} className="confirm" role={field ? 'dialog' : 'alertdialog'} aria-labelledby={`${id}heading`} aria-describedby={`${id}detail`} onClose={close}>
      <form onSubmit={submit} noValidate>
        <h2 id={`${id}heading`} className="wrap">
          {heading}
        </h2>
        <p id={`${id}detail`}>{detail}</p>
        {field && (
          <label>
            {field.label}
            <input ref={input} defaultValue={field.value} maxLength={maxName} dir="auto" autoComplete="off" />
          </label>
        )}
        <div className="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            {callText.host.cancel}
          </button>
          <button className={field ? 'primary' : 'danger'}>{action}</button>
        </div>
      </form>
    </dialog>
  );
}
