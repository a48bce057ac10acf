import { type FormEvent, Suspense, lazy, useEffect, useId, useRef, useState } from 'react';
import type { Flow } from '../flow';
import type { State } from '../state';
import { cleanName, maxName } from '../names';
import { text } from '../text';
import { Boundary } from './Boundary';
import { Heading, Name, Screen } from './Screen';

// With LiveKit in it: the name can be typed before it is there.
const PreviewPanel = lazy(() => import('../media/PreviewPanel'));

type Props = { flow: Flow; state: Extract<State, { screen: 'prejoin' }> };

export function Prejoin({ flow, state }: Props) {
  const { invitation } = state;
  const devices = invitation.publish.includes('camera') || invitation.publish.includes('microphone');
  return (
    <Screen name="prejoin" wide={devices}>
      <div className="prejoin-form">
        <Heading focus={false} className="wrap">
          {text.prejoin.heading(invitation.room_name)}
        </Heading>
        <p className="quiet">
          {text.prejoin.asRole} <Name className="role">{text.role(invitation.role)}</Name>
        </p>
        {!devices && (
          <p>
            <strong>{text.prejoin.watchOnly}</strong> {text.prejoin.watchOnlyDetail}
          </p>
        )}
        {invitation.waits && <p>{text.prejoin.waits}</p>}
        {invitation.e2ee && (
          <p className="note">
            <strong>{text.prejoin.encrypted}</strong> {state.keyMissing ? text.prejoin.encryptedFirst : text.prejoin.encryptedDetail}
          </p>
        )}
        <NameForm flow={flow} known={state.name} joining={state.joining} />
      </div>
      {devices && (
        <section className="preview" aria-label={text.prejoin.preview}>
          <Boundary fallback={<p>{text.devices.noPreview}</p>}>
            <Suspense fallback={<div className="preview-picture" />}>
              <PreviewPanel flow={flow} publish={invitation.publish} />
            </Suspense>
          </Boundary>
        </section>
      )}
    </Screen>
  );
}

function NameForm({ flow, known, joining }: { flow: Flow; known: string; joining: boolean }) {
  const [name, setName] = useState(known);
  const [missing, setMissing] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    field.current?.focus(); // so that Enter joins
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const empty = cleanName(name) === '';
    setMissing(empty);
    if (empty) field.current?.focus();
    else void flow.join(name);
  };
  return (
    <form onSubmit={submit} className="stack" noValidate>
      <label htmlFor={`${id}name`}>{text.prejoin.nameLabel}</label>
      <input
        id={`${id}name`}
        ref={field}
        name="name"
        dir="auto"
        autoComplete="name"
        maxLength={maxName}
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
        aria-describedby={`${id}hint ${id}problem`}
        aria-invalid={missing}
      />
      <p id={`${id}hint`} className="quiet small">
        {text.prejoin.nameHint}
      </p>
      <p id={`${id}problem`} className="problem" role="alert">
        {missing ? text.prejoin.nameMissing : ''}
      </p>
      <button className="primary" disabled={joining}>
        {joining ? text.prejoin.joining : text.prejoin.join}
      </button>
    </form>
  );
}
