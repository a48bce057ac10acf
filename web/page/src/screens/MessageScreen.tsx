import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { browserName } from '../call/browser';
import type { Flow } from '../flow';
import { isMediaObstacle } from '../outcome';
import type { State } from '../state';
import { type MessageKind, text } from '../text';
import { Heading, Screen } from './Screen';

type Props = { flow: Flow; state: Extract<State, { screen: 'message' }> };

export function MessageScreen({ flow, state }: Props) {
  const words = text.message[state.message];
  const left = useCountdown(state.seconds);
  return (
    <Screen name="message" message={state.message}>
      <Heading>{words.heading}</Heading>
      <p className="wrap">{state.encryption ? text.unsupportedEncryption : words.detail}</p>
      <Said message={state.message} said={state.said ?? ''} />
      {left > 0 && <p className="quiet">{text.busyFor(left)}</p>}
      {state.message === 'nokey' && <KeyForm flow={flow} />}
      {words.action && (
        <button className="primary" disabled={left > 0} onClick={() => flow.again()}>
          {words.action}
        </button>
      )}
      {state.message === 'broken' && <button onClick={() => flow.leave()}>{text.call.leave}</button>}
    </Screen>
  );
}

/** Said is what the person can look at, or pass on to those who run the server. */
function Said({ message, said }: { message: MessageKind; said: string }) {
  if (message === 'browser') return <p className="quiet wrap">{text.browserSaid(browserName(), said)}</p>;
  if (message === 'mediaserver') {
    return (
      <p className="wrap">
        <a href={said} target="_blank" rel="noopener noreferrer">
          {said}
        </a>
      </p>
    );
  }
  if (!isMediaObstacle(message)) return null;
  return (
    <p className="quiet wrap">
      {text.browserSaid(browserName(), '')} {said && text.offered(said)}
    </p>
  );
}

function useCountdown(seconds: number): number {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const end = performance.now() + seconds * 1000;
    const timer = setInterval(() => {
      const now = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, 500);
    return () => clearInterval(timer);
  }, [seconds]);
  return left;
}

function KeyForm({ flow }: { flow: Flow }) {
  const field = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState(false);
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWrong(!flow.useKey(field.current?.value ?? ''));
  };
  return (
    <form onSubmit={submit} className="stack" autoComplete="off">
      <label htmlFor={`${id}key`}>{text.key.label}</label>
      <input id={`${id}key`} ref={field} autoComplete="off" autoCapitalize="none" spellCheck={false} aria-describedby={`${id}problem`} aria-invalid={wrong} />
      <p id={`${id}problem`} className="problem" role="alert">
        {wrong ? text.key.wrong : ''}
      </p>
      <button className="primary">{text.key.submit}</button>
    </form>
  );
}
