import type { SignIn } from '../api';
import { keepFragment } from '../stored';
import { text } from '../text';

/** SignInWays are the links to identity providers, from which the person comes back to this page. */
export function SignInWays({ signIn }: { signIn: SignIn }) {
  return (
    <div className="stack sign-in">
      <p className={signIn.required ? '' : 'quiet'}>{signIn.required ? text.signIn.required : text.signIn.offer}</p>
      {signIn.required && !signIn.ways.length && <p>{text.signIn.noWay}</p>}
      {signIn.ways.map(({ name, url }) => (
        <a
          key={url}
          className={signIn.required ? 'primary' : ''}
          href={url + encodeURIComponent(location.pathname)}
          onClick={() => keepFragment(location.pathname, location.hash)}
        >
          {text.signIn.way(name)}
        </a>
      ))}
    </div>
  );
}
