import { createRoot } from 'react-dom/client';
import { Flow } from './flow';
import { speak, speakInCall } from './languages';
import { App } from './screens/App';
import { Boundary, LastResort } from './screens/Boundary';
import { takeFragment } from './stored';
import './style/base.css';
import './style/screens.css';

// The screen of the call is loaded before the call is entered: one that React has to wait for,
// it shows 300 ms after what stands in its place, at the earliest.
const load = async () => {
  const [{ enterCall }, { default: CallScreen }] = await Promise.all([import('./call/enter'), import('./call/CallScreen'), speakInCall()]);
  return { enterCall, CallScreen };
};
// Once: where a style sheet did not come, a second import() is content without it.
let loading: ReturnType<typeof load> | undefined;
const loadCall = () => (loading ??= load());

const flow = new Flow({
  path: () => location.pathname,
  fragment: () => location.hash,
  replace: (address) => history.replaceState(null, '', address),
  reloaded: () => performance.getEntriesByType('navigation').some((entry) => (entry as PerformanceNavigationTiming).type === 'reload'),
  webrtc: () => typeof RTCPeerConnection === 'function' && typeof WebSocket === 'function',
  // Without a secure origin there is no crypto.subtle.
  encryption: () => crypto.subtle !== undefined && ('RTCRtpScriptTransform' in window || 'createEncodedStreams' in RTCRtpSender.prototype),
  signalling: () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`,
  reload: () => location.reload(),
  loadCall,
});

// Back from signing in elsewhere.
const fragment = takeFragment(location.pathname);
if (fragment && !location.hash) history.replaceState(null, '', location.pathname + fragment);

// The first question to the server is on its way before anything is drawn.
void flow.start();
// Most of what the call needs is fetched while the person is typing. The flow says when it did not come.
import('./call/enter').catch(() => {});

// A link that was changed by hand, as when its key was added.
addEventListener('hashchange', () => flow.state.screen !== 'call' && void flow.start());
// Back from the browser's memory, where calls do not survive.
addEventListener('pageshow', (event) => event.persisted && void flow.start());
// LiveKit's buttons do not wait for what they start. A camera that is refused
// is told as a notice, and is no error of this page.
addEventListener('unhandledrejection', (event) => {
  if (event.reason instanceof DOMException || (event.reason as Error | null)?.name === 'DeviceUnsupportedError') event.preventDefault();
  else flow.fault();
});
addEventListener('error', (event) => {
  // Browsers call it an error when a change of size is drawn one frame later.
  if (!event.message.startsWith('ResizeObserver')) flow.fault();
});

// The words come before anything is drawn; for English there is nothing to wait for.
void speak(navigator.languages).then(() =>
  createRoot(document.getElementById('root') as HTMLElement).render(
    <Boundary broken={() => flow.broke()} fallback={<LastResort />}>
      <App flow={flow} />
    </Boundary>,
  ),
);
