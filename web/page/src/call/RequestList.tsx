import { useLayoutEffect, useRef, useState } from 'react';
import { type JoinRequest, answerJoinRequest } from '../api';
import { shortName } from '../names';
import { Name } from '../screens/Screen';
import { text } from '../text';
import type { Call } from './enter';
import type { Host } from './useHost';
import { callText } from './words';

/** headingId is where the focus goes when nobody waits any more. */
export const headingId = 'call-heading';

const shownAtOnce = 3;

/** Answer is a button that was pressed: of which request, and which of its two. */
type Answer = { requestId: string; index: number; approve: boolean };

/** RequestList lets a host answer join requests. */
export function RequestList({ call, host }: { call: Call; host: Host }) {
  const requests = host.view?.requests ?? [];
  const list = useRef<HTMLUListElement>(null);
  const pressed = useRef<Answer | null>(null);
  useLayoutEffect(() => {
    const answer = pressed.current;
    if (!answer || requests.some((request) => request.request_id === answer.requestId)) return;
    pressed.current = null;
    // The button is gone and took the focus with it, unless that is elsewhere by now.
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>(answer.approve ? '.let-in' : '.refuse') ?? [])];
    (buttons[answer.index] ?? buttons.at(-1) ?? document.getElementById(headingId))?.focus();
  }, [requests]);
  if (requests.length === 0) return null;
  return (
    <section className="requests" aria-label={callText.requests.heading} data-requests={requests.length}>
      <h2>{requests.length > shownAtOnce ? callText.requests.many(requests.length) : callText.requests.heading}</h2>
      <ul ref={list}>
        {requests.slice(0, shownAtOnce).map((request, index) => (
          <Request
            key={request.request_id}
            call={call}
            request={request}
            remove={host.answered}
            pressed={(approve) => (pressed.current = { requestId: request.request_id, index, approve })}
          />
        ))}
      </ul>
    </section>
  );
}

interface Props {
  call: Call;
  request: JoinRequest;
  remove(requestId: string): void;
  pressed(approve: boolean): void;
}

function Request({ call, request, remove, pressed }: Props) {
  const [answering, setAnswering] = useState(false);
  const name = shortName(request.name) || text.nobody;
  const answer = async (approve: boolean) => {
    if (answering) return;
    setAnswering(true);
    pressed(approve);
    const reply = await answerJoinRequest(call.token(), request.request_id, approve);
    setAnswering(false);
    if (reply.kind === 'answered') return remove(request.request_id);
    if (reply.status === 404) {
      remove(request.request_id);
      return call.notices.tell(callText.requests.gone);
    }
    call.notices.tell(callText.requests.failed, { tone: 'warning' });
  };
  // Not disabled while the answer is on its way: a disabled button loses the focus.
  return (
    <li>
      <p>
        <Name>{name}</Name> {callText.requests.wants}
      </p>
      <p className="who">{whoAsks(request)}</p>
      <div className="buttons">
        <button className="primary let-in" aria-disabled={answering} onClick={() => void answer(true)} aria-label={callText.requests.letInName(name)}>
          {callText.requests.letIn}
        </button>
        <button className="refuse" aria-disabled={answering} onClick={() => void answer(false)} aria-label={callText.requests.refuseName(name)}>
          {callText.requests.refuse}
        </button>
      </div>
    </li>
  );
}

/** whoAsks says what is known about somebody beside their name. */
function whoAsks({ user_id, verified, label }: JoinRequest): string {
  const userId = shortName(user_id ?? '');
  const who = verified ? callText.requests.signedIn(userId) : userId ? callText.requests.claims(userId) : callText.requests.unproven;
  return label ? `${who} ${callText.requests.label(shortName(label))}` : who;
}
