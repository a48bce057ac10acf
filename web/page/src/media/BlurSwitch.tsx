import { text } from '../text';
import { canBlur } from './blur';

/**
 * BlurSwitch is there where the browser can blur, and in any case where it is on: a
 * camera that cannot be blurred stays off until somebody switches it off.
 */
export function BlurSwitch({ on, change }: { on: boolean; change(on: boolean): void }) {
  if (!on && !canBlur()) return null;
  return (
    <label className="switch">
      <input type="checkbox" checked={on} onChange={(event) => change(event.target.checked)} />
      {text.devices.blur}
    </label>
  );
}
