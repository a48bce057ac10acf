// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { follow, type News } from '../../src/console/follow';
import { type Client, ToolError } from '../../src/console/mcp';

interface Call {
  args: Record<string, unknown>;
  signal: AbortSignal;
  answer(value: object): void;
  fail(code: string): void;
}

/** setup follows events with a client that answers when the test says so. */
function setup() {
  const calls: Call[] = [];
  const told: News[] = [];
  const call = (_: string, args: Record<string, unknown>, { signal }: { signal: AbortSignal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      calls.push({ args, signal, answer: resolve, fail: (code) => reject(new ToolError(code, code)) });
    });
  const end = new AbortController();
  const following = follow({ call } as unknown as Client, { room_id: 'r' }, end.signal, (news) => told.push(news));
  const next = async () => {
    await vi.waitFor(() => expect(calls.length).toBeGreaterThan(0));
    return calls.shift() as Call;
  };
  return { calls, told, next, end, following };
}

function hide(hidden: boolean) {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => hide(false));
afterEach(() => vi.useRealTimers());

describe('events', () => {
  it('are followed from now on, each answer from where the last one ended', async () => {
    const { next, told, end, following } = setup();
    const first = await next();
    expect(first.args).toEqual({ room_id: 'r', after: '9223372036854775807', limit: 1 });
    first.answer({ events: [], after: '7' });
    const second = await next();
    expect(told).toEqual([null]);
    expect(second.args).toMatchObject({ room_id: 'r', after: '7', wait_seconds: 45 });
    second.answer({ events: [{ id: '9' }], after: '9' });
    const third = await next();
    expect(third.args.after).toBe('9');
    third.answer({ events: [], after: '9' });
    expect((await next()).args.after).toBe('9');
    expect(told).toEqual([null, [{ id: '9' }]]);
    end.abort();
    await following;
  });
  it('are not waited for while the page is hidden, and anything may have happened since', async () => {
    const { next, calls, told, end, following } = setup();
    (await next()).answer({ events: [], after: '7' });
    const held = await next();
    hide(true);
    expect(held.signal.aborted).toBe(true);
    await new Promise((resolve) => setTimeout(resolve));
    expect(calls).toHaveLength(0);
    hide(false);
    (await next()).answer({ events: [], after: '99' });
    expect((await next()).args.after).toBe('99');
    expect(told).toEqual([null, null]);
    end.abort();
    await following;
  });
  it('are asked for again after a failure, with growing pauses', async () => {
    const { next, calls, end, following } = setup();
    const first = await next();
    vi.useFakeTimers();
    for (const pauseMs of [1000, 3000, 7000]) {
      (calls.shift() ?? first).fail('unavailable');
      await vi.advanceTimersByTimeAsync(pauseMs - 1);
      expect(calls).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(calls).toHaveLength(1);
    }
    end.abort();
    await following;
  });
  it.each(['forbidden', 'unauthenticated', 'not_found', 'invalid'])('are given up where the answer is %s', async (code) => {
    const { next, following } = setup();
    (await next()).fail(code);
    await following;
  });
});
