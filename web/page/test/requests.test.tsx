// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RequestList, headingId } from '../src/call/RequestList';
import { useHost } from '../src/call/useHost';
import type { Call } from '../src/call/enter';
import { Notices } from '../src/call/notices';

const request = (id: string) => ({ request_id: id, name: id, created_at: '' });
const Hosted = ({ call, mayBeHost = true }: { call: Call; mayBeHost?: boolean }) => <RequestList call={call} host={useHost(call, mayBeHost)} />;

/** callOf is a call in which the person's attributes change when the server says so. */
function callOf(notices = new Notices()) {
  const changes = new Set<(changed: Record<string, string>) => void>();
  const localParticipant = { on: (_: string, heard: () => void) => changes.add(heard), off: (_: string, heard: () => void) => changes.delete(heard) };
  const call = { token: () => 't', notices, room: { localParticipant } } as unknown as Call;
  return { call, change: (changed: Record<string, string>) => changes.forEach((heard) => heard(changed)), heardBy: () => changes.size };
}
let list: (names: string[]) => void;
let answer: (status: number) => void;

/** setup shows who waits; whatever asks next for the list is held until list is called. */
async function setup(...names: string[]) {
  let version = 0;
  const reply = (waiting: string[]) => new Response(JSON.stringify({ inside: true, requests: waiting.map(request), version: String(version++) }), { status: 200 });
  vi.stubGlobal('fetch', (path: string) => {
    if (path === '/page/requests/answer') return new Promise((resolve) => (answer = (status) => resolve(new Response('{}', { status }))));
    if (version === 0) return Promise.resolve(reply(names));
    return new Promise((resolve) => (list = (waiting) => resolve(reply(waiting))));
  });
  const notices = new Notices();
  const { call } = callOf(notices);
  render(
    <>
      <h1 id={headingId} tabIndex={-1}>
        call
      </h1>
      <input />
      <Hosted call={call} />
    </>,
  );
  await screen.findByLabelText(`Let in ${names[0]}`);
  return { notices };
}

function press(label: string) {
  const button = screen.getByLabelText(label);
  button.focus();
  fireEvent.click(button);
}
const focused = () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.id;

beforeEach(() => {
  list = answer = () => {};
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('the focus, after an answer', () => {
  it('goes to the same button of the next one, and at last to the heading', async () => {
    await setup('Ada', 'Bob', 'Eve');
    press('Refuse Bob');
    expect(focused()).toBe('Refuse Bob'); // while the answer is on its way
    await act(async () => answer(200));
    expect(focused()).toBe('Refuse Eve');
    press('Refuse Eve');
    await act(async () => answer(200));
    expect(focused()).toBe('Refuse Ada');
    press('Let in Ada');
    await act(async () => answer(200));
    expect(focused()).toBe(headingId);
  });
  it('goes there too when the list knows before the answer is back', async () => {
    await setup('Ada', 'Bob');
    press('Let in Ada');
    await act(async () => list(['Bob']));
    expect(focused()).toBe('Let in Bob');
    await act(async () => answer(200));
    expect(focused()).toBe('Let in Bob');
  });
  it('stays where the person has gone meanwhile', async () => {
    await setup('Ada', 'Bob');
    press('Let in Ada');
    document.querySelector('input')?.focus();
    await act(async () => answer(200));
    expect(document.activeElement?.tagName).toBe('INPUT');
  });
  it('stays at the button when the answer did not get through', async () => {
    const { notices } = await setup('Ada');
    press('Let in Ada');
    press('Let in Ada'); // in haste
    await act(async () => answer(500));
    expect(focused()).toBe('Let in Ada');
    expect(notices.list).toHaveLength(1);
  });
});

describe('a host who is not inside just now', () => {
  it('asks again in a while, and is told nothing', async () => {
    vi.useFakeTimers();
    const asked: string[] = [];
    vi.stubGlobal('fetch', (path: string) => {
      asked.push(path);
      const reply = asked.length === 1 ? { inside: false, requests: [], version: '' } : { inside: true, requests: [request('Ada')], version: '1' };
      return asked.length > 2 ? new Promise(() => {}) : Promise.resolve(new Response(JSON.stringify(reply), { status: 200 }));
    });
    const notices = new Notices();
    render(<Hosted call={callOf(notices).call} />);
    await act(() => vi.advanceTimersByTimeAsync(2900));
    expect(asked).toHaveLength(1);
    expect(notices.list).toHaveLength(0);
    await act(() => vi.advanceTimersByTimeAsync(200));
    expect(screen.getByLabelText('Let in Ada')).toBeTruthy();
    vi.useRealTimers();
  });
});

describe('somebody whose role lets nobody in any more', () => {
  const ada = () => new Response(JSON.stringify({ inside: true, requests: [request('Ada')], version: '1' }), { status: 200 });
  let asked: number;
  let refuse: () => void;
  /** shown shows a host the request of Ada, and holds the next call until it is refused. */
  async function shown() {
    asked = 0;
    vi.stubGlobal('fetch', () => {
      asked++;
      return asked % 2 ? Promise.resolve(ada()) : new Promise((resolve) => (refuse = () => resolve(new Response('{}', { status: 403 }))));
    });
    const standing = callOf();
    const { rerender } = render(<Hosted call={standing.call} />);
    await screen.findByLabelText('Let in Ada');
    await vi.waitFor(() => expect(asked).toBe(2));
    return { ...standing, rerender };
  }
  const sees = () => screen.queryByLabelText('Let in Ada') !== null;

  it('sees no requests, and asks for none until the role changes', async () => {
    const { change } = await shown();
    vi.useFakeTimers();
    await act(async () => refuse());
    expect(sees()).toBe(false);
    await act(() => vi.advanceTimersByTimeAsync(100_000));
    await act(async () => change({ hand: 'up' }));
    expect(asked).toBe(2);
    vi.useRealTimers();
    await act(async () => change({ role: 'host' }));
    await screen.findByLabelText('Let in Ada');
  });
  it('sees them again also if the role was back before the refusal', async () => {
    const { change } = await shown();
    await act(async () => change({ role: 'guest' }));
    await act(async () => change({ role: 'host' }));
    await act(async () => refuse());
    await screen.findByLabelText('Let in Ada');
    expect(asked).toBeGreaterThan(2);
  });
  it('sees none even if the role changes before the server has refused', async () => {
    const { call, rerender, heardBy } = await shown();
    rerender(<Hosted call={call} mayBeHost={false} />);
    expect(sees()).toBe(false);
    expect(heardBy()).toBe(0);
  });
});

describe('who asks', () => {
  it.each([
    [{ verified: false }, 'Not signed in: anybody can type this name.'],
    [{ verified: false, user_id: 'bob' }, 'Not signed in: anybody can type this name, and the user id bob.'],
    [{ verified: true, user_id: 'bob', label: 'press' }, 'Signed in as bob. Came by the code “press”.'],
    [{}, 'Not signed in: anybody can type this name.'],
  ])('is told in plain words: %o', async (known, words) => {
    const waiting = { inside: true, requests: [{ ...request('Bob'), ...known }], version: '1' };
    let asked = 0;
    vi.stubGlobal('fetch', () => (asked++ ? new Promise(() => {}) : Promise.resolve(new Response(JSON.stringify(waiting), { status: 200 }))));
    render(<Hosted call={callOf().call} />);
    expect(await screen.findByText(words)).toBeTruthy();
  });
});
