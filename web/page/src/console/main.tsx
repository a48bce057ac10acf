import { createRoot } from 'react-dom/client';
import '../style/base.css';
import './console.css';
import { speak } from './languages';
import { SignIn } from './signIn';

// The token leaves the address before anything else happens.
const signIn = new SignIn({ location, history, storage: sessionStorage });
signIn.takeFromAddress();
// A new link in the same tab changes nothing but the fragment.
addEventListener('hashchange', () => signIn.takeFromAddress());

// The words come before the views, which take them when they are loaded.
const loadViews = () => import('./Console');
void speak(navigator.languages)
  .then(loadViews)
  .then(({ Console }) => createRoot(document.getElementById('root') as HTMLElement).render(<Console signIn={signIn} />));
