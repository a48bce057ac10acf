import { useState } from 'react';
import { type JoinRequest, answerJoinRequest } from '../api';
import { shortName } from '../names';
import { Name } from '../screens/Screen';
import { text } from '../text';
import type { Call } from './enter';
import { useRequests } from './useRequests';

const shownAtOnce = 3;

/** RequestList lets a host answer whoever waits outside. */
export function RequestList({ call }: { call: Call }) {
  const { requests, remove } = useRequests(call);
  if (requests.length === 0) return null;
  return (
    <section className="requests" aria-label={text.requests.heading} data-requests={requests.length}>
      <h2>{requests.length > shownAtOnce ? text.requests.many(requests.length) : text.requests.heading}</h2>
      <ul>
        {requests.slice(0, shownAtOnce).map((request) => (
          <Request key={request.request_id} call={call} request={request} remove={remove} />
        ))}
      </ul>
    </section>
  );
}

function Request({ call, request, remove }: { call: Call; request: JoinRequest; remove(requestId: string): void }) {
  const [answering, setAnswering] = useState(false);
  const name = shortName(request.name) || text.nobody;
  const answer = async (approve: boolean) => {
    setAnswering(true);
    const reply = await answerJoinRequest(call.token(), request.request_id, approve);
    setAnswering(false);
    if (reply.kind === 'answered') return remove(request.request_id);
    if (reply.status === 404) {
      remove(request.request_id);
      return call.notices.tell(text.requests.gone);
    }
    call.notices.tell(text.requests.failed, { tone: 'warning' });
  };
  return (
    <li>
      <p>
        <Name>{name}</Name> {text.requests.wants}
      </p>
      <div className="buttons">
        <button className="primary" disabled={answering} onClick={() => void answer(true)} aria-label={text.requests.letInName(name)}>
          {text.requests.letIn}
        </button>
        <button disabled={answering} onClick={() => void answer(false)} aria-label={text.requests.refuseName(name)}>
          {text.requests.refuse}
        </button>
      </div>
    </li>
  );
}
