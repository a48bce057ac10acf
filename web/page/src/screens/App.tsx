import { useEffect, useSyncExternalStore } from 'react';
import type { Flow } from '../flow';
import type { State } from '../state';
import { shortName, titleOf } from '../names';
import { text } from '../text';
import { Boundary } from './Boundary';
import { CodeScreen } from './CodeScreen';
import { LostScreen } from './LostScreen';
import { MessageScreen } from './MessageScreen';
import { Prejoin } from './Prejoin';
import { Screen } from './Screen';
import { WaitingScreen } from './WaitingScreen';

export function App({ flow }: { flow: Flow }) {
  const state = useSyncExternalStore(flow.subscribe, () => flow.state);
  useEffect(() => {
    document.title = documentTitle(state);
  }, [state]);
  return (
    <Boundary key={state.screen} broken={() => flow.broke()} fallback={<Loading />}>
      {screenOf(flow, state)}
    </Boundary>
  );
}

function screenOf(flow: Flow, state: State) {
  switch (state.screen) {
    case 'loading':
      return state.why === 'lost' ? <LostScreen flow={flow} /> : <Loading back={state.why === 'returning'} />;
    case 'code':
      return <CodeScreen flow={flow} state={state} />;
    case 'prejoin':
      return <Prejoin flow={flow} state={state} />;
    case 'waiting':
      return <WaitingScreen flow={flow} state={state} />;
    case 'call':
      return <state.CallScreen flow={flow} call={state.call} invitation={state.invitation} />;
    case 'message':
      return <MessageScreen flow={flow} state={state} key={state.message} />;
  }
}

function Loading({ back = false }: { back?: boolean }) {
  return (
    <Screen name="loading">
      <p className="loading" role="status">
        <span className="spinner" aria-hidden="true" />
        {back ? text.comingBack : text.loading}
      </p>
    </Screen>
  );
}

// A title is kept in the browser's history: it has the room's title at most.
function documentTitle(state: State): string {
  switch (state.screen) {
    case 'prejoin':
    case 'waiting':
    case 'call':
      return text.title(shortName(titleOf(state.invitation), 63));
    case 'message':
      return text.title(text.message[state.message].heading);
    case 'code':
      return text.title(text.code.heading);
    default:
      return text.product;
  }
}
