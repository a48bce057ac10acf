import { type FormEvent, Suspense, lazy, useEffect, useId, useRef, useState } from 'react';
import { type Inside, signOut } from '../api';
import type { Flow } from '../flow';
import type { State } from '../state';
import { cleanName, maxName, shortName, titleOf } from '../names';
import { text } from '../text';
import { Boundary } from './Boundary';
import { CalendarLink, Heading, Name, Screen } from './Screen';
import { SignInWays } from './SignIn';

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
          {text.prejoin.heading(titleOf(invitation))}
        </Heading>
        <p className="quiet">
          {text.prejoin.asRole} <Name className="role">{text.role(invitation.role)}</Name>
        </p>
        {!devices && (
          <p>
            <strong>{text.prejoin.watchOnly}</strong> {text.prejoin.watchOnlyDetail}
          </p>
        )}
        {invitation.starts_at && (
          <>
            <p>{(invitation.early ? text.prejoin.startsEarly : text.prejoin.starts)(invitation.starts_at)}</p>
            <CalendarLink flow={flow} />
          </>
        )}
        <WhoIsInside flow={flow} />
        {invitation.waits && <p>{text.prejoin.waits}</p>}
        {invitation.keep_chat && <p className="note">{text.kept.before}</p>}
        {invitation.e2ee && (
          <p className="note">
            <strong>{text.prejoin.encrypted}</strong> {state.keyMissing ? text.prejoin.encryptedFirst : text.prejoin.encryptedDetail}
          </p>
        )}
        <Who flow={flow} state={state} />
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

/** Who asks for a name, unless the person has signed in or has to. */
function Who({ flow, state: { invitation, name, joining } }: Props) {
  const { sign_in: signIn } = invitation;
  if (signIn?.as) return <SignedIn flow={flow} as={signIn.as} joining={joining} />;
  return (
    <>
      {!signIn?.required && <NameForm flow={flow} known={name} joining={joining} />}
      {signIn && <SignInWays signIn={signIn} />}
    </>
  );
}

function SignedIn({ flow, as, joining }: { flow: Flow; as: string; joining: boolean }) {
  return (
    <div className="stack">
      <p>
        {text.signIn.as} <Name>{as}</Name> <span className="quiet">{text.signIn.verified}</span>
      </p>
      <button className="primary" disabled={joining} onClick={() => void flow.join(as)}>
        {joining ? text.prejoin.joining : text.prejoin.join}
      </button>
      <button disabled={joining} onClick={() => void signOut().then(() => flow.start())}>
        {text.signIn.out}
      </button>
    </div>
  );
}

/** WhoIsInside says who is in the room already, once the server has said so. */
function WhoIsInside({ flow }: { flow: Flow }) {
  const [inside, setInside] = useState<Inside | null>(null);
  useEffect(() => {
    void flow.inside().then((reply) => reply?.kind === 'answered' && setInside(reply.value));
  }, [flow]);
  if (!inside?.count) return null;
  const names = inside.names.map((name) => shortName(name, 20) || text.nobody);
  return (
    <p className="quiet wrap" data-inside={inside.count}>
      {text.prejoin.inside(names, inside.count - names.length)}
    </p>
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
