import type { Flow } from '../flow';
import type { State } from '../state';
import { titleOf } from '../names';
import { text } from '../text';
import { CalendarLink, Heading, Screen } from './Screen';

type Props = { flow: Flow; state: Extract<State, { screen: 'waiting' }> };

export function WaitingScreen({ flow, state: { invitation, startsAt } }: Props) {
  const room = titleOf(invitation);
  return (
    <Screen name="waiting">
      <span className="spinner spinner-large" aria-hidden="true" />
      <Heading key={startsAt ? 'start' : 'host'}>{startsAt ? text.waiting.startHeading : text.waiting.heading}</Heading>
      <p role="status" className="wrap">
        {startsAt ? text.waiting.start(room, startsAt) : text.waiting.detail(room)}
      </p>
      <p className="quiet">{text.waiting.unseen}</p>
      {startsAt && <CalendarLink flow={flow} />}
      <button onClick={() => flow.cancel()}>{text.waiting.cancel}</button>
    </Screen>
  );
}
