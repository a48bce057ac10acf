// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { type ComponentProps } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChatPanel } from '../src/call/ChatPanel';
import { Notices } from '../src/call/notices';

type Chat = ComponentProps<typeof ChatPanel>['chat'];
const ada = { identity: 'ada', name: 'Ada', isLocal: false };
const me = { identity: 'me', name: 'Me', isLocal: true };

const toEnd = vi.fn();
beforeEach(() => {
  Element.prototype.scrollIntoView = toEnd;
  toEnd.mockClear();
});
afterEach(cleanup);

function panel(...from: object[]) {
  const chatMessages = from.map((who, index) => ({ id: String(index), timestamp: 0, message: `message ${index}`, from: who }));
  return <ChatPanel chat={{ chatMessages, isSending: false, send: async () => {} } as unknown as Chat} notices={new Notices()} />;
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
});
