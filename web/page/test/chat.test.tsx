// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChatPanel } from '../src/call/ChatPanel';
import type { Message } from '../src/call/chat';
import { Notices } from '../src/call/notices';

const ada = { identity: 'ada', name: 'Ada', isLocal: false };
const me = { identity: 'me', name: 'Me', isLocal: true };

const toEnd = vi.fn();
beforeEach(() => {
  Element.prototype.scrollIntoView = toEnd;
  toEnd.mockClear();
});
afterEach(cleanup);

function panel(...from: Partial<Message>[]) {
  return panelOf({ mayWrite: true }, ...from);
}

function panelOf({ mayWrite, kept = false }: { mayWrite: boolean; kept?: boolean }, ...from: Partial<Message>[]) {
  const messages = from.map((who, key) => ({ key, id: String(key), timestamp: 0, message: `message ${key}`, isAgent: false, onlyMe: false, ...who }) as Message);
  return <ChatPanel chat={{ subscribe: () => () => {}, list: () => messages, send: async () => {} }} notices={new Notices()} mayWrite={mayWrite} kept={kept} />;
}

/** scroll is what the browser tells when a person scrolls so far from the end. */
function scroll(fromEnd: number) {
  const region = screen.getByRole('region');
  for (const [name, value] of Object.entries({ scrollHeight: 1000, clientHeight: 300, scrollTop: 700 - fromEnd })) Object.defineProperty(region, name, { value, configurable: true });
  fireEvent.scroll(region);
}

describe('the chat', () => {
  it('opens at its end and follows new messages', () => {
    const { rerender } = render(panel(ada));
    expect(toEnd).toHaveBeenCalledTimes(1);
    scroll(20);
    rerender(panel(ada, ada));
    expect(toEnd).toHaveBeenCalledTimes(2);
  });
  it('stays with somebody who reads older messages, until they write themselves', () => {
    const { rerender } = render(panel(ada, ada));
    scroll(500);
    toEnd.mockClear();
    rerender(panel(ada, ada, ada));
    expect(toEnd).not.toHaveBeenCalled();
    rerender(panel(ada, ada, ada, me));
    expect(toEnd).toHaveBeenCalledTimes(1);
  });
  it('shows messages of people who are not known, also as the first ones', () => {
    render(panel({ identity: 'x', name: '' }, { identity: 'x', name: '' }));
    expect(screen.getAllByRole('listitem')).toHaveLength(2);
    expect(screen.getAllByText('Somebody')).toHaveLength(1);
  });
  it("marks an agent's message, also right after a person of the same name", () => {
    const agent = { identity: '', name: 'Ada', isLocal: false, isAgent: true };
    render(panel({ ...ada, identity: '' }, agent, agent, { ...agent, onlyMe: true }));
    expect(screen.getAllByText('Agent')).toHaveLength(2);
    expect(screen.getAllByText('Only you see this')).toHaveLength(1);
  });
  it('says that it is kept', () => {
    render(panelOf({ mayWrite: true, kept: true }, ada));
    expect(screen.getByText(/This chat is kept/)).toBeTruthy();
  });
  it('shows somebody who may not chat what agents write, and no field', () => {
    render(panelOf({ mayWrite: false }, ada, { identity: '', name: 'Claude', isLocal: false, isAgent: true }));
    expect(screen.getAllByRole('listitem')).toHaveLength(1);
    expect(screen.queryByRole('textbox')).toBeNull();
  });
});
