import type { Flow } from '../flow';
import { text } from '../text';
import { Heading, Screen } from './Screen';

export function WaitingScreen({ flow, room }: { flow: Flow; room: string }) {
  return (
    <Screen name="waiting">
      <span className="spinner spinner-large" aria-hidden="true" />
      <Heading>{text.waiting.heading}</Heading>
      <p role="status" className="wrap">
        {text.waiting.detail(room)}
      </p>
      <p className="quiet">{text.waiting.unseen}</p>
      <button onClick={() => flow.cancel()}>{text.waiting.cancel}</button>
    </Screen>
  );
}
