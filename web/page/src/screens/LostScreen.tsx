import type { Flow } from '../flow';
import { text } from '../text';
import { Heading, Screen } from './Screen';

/** LostScreen is for a call that broke off, while the flow brings the person back into it. */
export function LostScreen({ flow }: { flow: Flow }) {
  return (
    <Screen name="loading">
      <span className="spinner spinner-large" aria-hidden="true" />
      <Heading>{text.lost.heading}</Heading>
      <p role="status">{text.lost.detail}</p>
      <button onClick={() => flow.leave()}>{text.call.leave}</button>
    </Screen>
  );
}
