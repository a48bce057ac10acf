// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { App } from '../src/screens/App';
import { Boundary, LastResort } from '../src/screens/Boundary';
import { text } from '../src/text';
import { call, enterCall, keptCall, setup } from './surroundings';
import { storeCall } from '../src/stored';

const Throws = () => {
  throw new Error('a fault of the page');
};

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));
afterEach(cleanup);

it('whatever throws in the call, the call is ended and there is a button to leave', async () => {
  storeCall(keptCall());
  Object.assign(call, { stored: keptCall() });
  const { flow, reaches } = setup('/join/wpi-srjb-wer', '', { loadCall: async () => ({ enterCall, CallScreen: Throws }) });
  render(<App flow={flow} />);
  void flow.start();
  await screen.findByText(text.message.broken.heading);
  expect(call.leave).toHaveBeenCalled();
  fireEvent.click(screen.getByRole('button', { name: text.call.leave }));
  await reaches('left');
  await waitFor(() => screen.getByText(text.message.left.heading));
});

it('what throws elsewhere does not leave an empty page', () => {
  const broken = vi.fn();
  render(
    <Boundary broken={broken} fallback={<LastResort />}>
      <Throws />
    </Boundary>,
  );
  expect(broken).toHaveBeenCalledOnce();
  screen.getByRole('button', { name: text.call.leave });
});
