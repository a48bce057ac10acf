import { type FormEvent, useEffect, useId, useRef } from 'react';
import type { Flow } from '../flow';
import type { CodeProblem, State } from '../state';
import { shortName } from '../names';
import { text } from '../text';
import { Heading, Name, Screen } from './Screen';

// Rooms have no longer names.
const longestRoom = 63;

// What is wrong with what was typed, or why a code has to be. Read when it is shown, because the language comes later.
const problems: Partial<Record<CodeProblem, () => string>> = {
  malformed: () => text.code.malformed,
  code: () => text.code.wrong,
  required: () => text.code.required,
};

type Props = { flow: Flow; state: Extract<State, { screen: 'code' }> };

export function CodeScreen({ flow, state }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const room = shortName(state.room, longestRoom);
  const problem = problems[state.problem]?.() ?? '';
  useEffect(() => {
    if (!room) field.current?.focus(); // nothing but the field: who comes here has a code to type
  }, [room]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void flow.useCode(field.current?.value ?? '');
  };
  return (
    <Screen name="code">
      <Heading focus={room !== ''}>{text.code.heading}</Heading>
      {room && (
        <p className="quiet">
          {text.code.intro[0]}
          <Name>{room}</Name>
          {text.code.intro[1]}
        </p>
      )}
      <form onSubmit={submit} className="stack" noValidate>
        <label htmlFor={`${id}code`}>{text.code.label}</label>
        <input
          id={`${id}code`}
          ref={field}
          name="code"
          className="code-field"
          autoCapitalize="none"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          maxLength={200}
          aria-describedby={`${id}hint ${id}problem`}
          aria-invalid={problem !== ''}
        />
        <p id={`${id}hint`} className="quiet small">
          {text.code.hint}
        </p>
        <p id={`${id}problem`} className="problem" role="alert">
          {problem}
        </p>
        <button className="primary" disabled={state.checking}>
          {state.checking ? text.code.checking : text.code.submit}
        </button>
      </form>
      {room && <AccessToken flow={flow} state={state} />}
    </Screen>
  );
}

function AccessToken({ flow, state }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const token = field.current?.value.trim();
    if (token) void flow.useAccessToken(token);
  };
  return (
    <details open={state.problem === 'token' || undefined}>
      <summary>{text.code.haveToken}</summary>
      <form onSubmit={submit} className="stack" autoComplete="off">
        <label htmlFor={`${id}token`}>{text.code.tokenLabel}</label>
        <input id={`${id}token`} ref={field} type="password" autoComplete="off" spellCheck={false} aria-describedby={`${id}hint ${id}problem`} aria-invalid={state.problem === 'token'} />
        <p id={`${id}hint`} className="quiet small">
          {text.code.tokenHint}
        </p>
        <p id={`${id}problem`} className="problem" role="alert">
          {state.problem === 'token' ? text.code.tokenWrong : ''}
        </p>
        <button disabled={state.checking}>{text.code.tokenSubmit}</button>
      </form>
    </details>
  );
}
