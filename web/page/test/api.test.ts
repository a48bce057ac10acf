import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerJoinRequest, enter, hostView, lookUp, whoIsInside } from '../src/api';

const fetched = vi.fn<typeof fetch>();
beforeEach(() => vi.stubGlobal('fetch', fetched));
afterEach(() => {
  fetched.mockReset();
  vi.unstubAllGlobals();
});

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  fetched.mockResolvedValueOnce(new Response(JSON.stringify(body), { status, headers }));
}

function sent() {
  const [path, init] = fetched.mock.lastCall as [string, RequestInit];
  return { path, body: JSON.parse(init.body as string) as unknown, headers: init.headers as Record<string, string> };
}

const code = { kind: 'code', code: 'wpi-srjb-wer' } as const;
const room = { kind: 'room', room: 'standup' } as const;

describe('lookUp', () => {
  it('sends a code without any access token', async () => {
    answer(200, { room_name: 'standup' });
    expect(await lookUp(code, 'secret')).toEqual({ kind: 'answered', value: { room_name: 'standup' } });
    expect(sent()).toMatchObject({ path: '/page/invitation', body: { code: 'wpi-srjb-wer' } });
    expect(sent().headers.Authorization).toBeUndefined();
  });
  it('sends cookies to this server alone, and no address', async () => {
    answer(200, {});
    await lookUp(code);
    expect(fetched.mock.lastCall?.[1]).toMatchObject({ method: 'POST', credentials: 'same-origin', referrerPolicy: 'no-referrer' });
  });
  it('sends no cookies where it does not matter who has signed in', async () => {
    answer(200, {});
    await whoIsInside(code);
    expect(fetched.mock.lastCall?.[1]).toMatchObject({ method: 'POST', credentials: 'omit', referrerPolicy: 'no-referrer' });
  });
  it('sends a room with it', async () => {
    answer(200, {});
    await lookUp(room, 'secret');
    expect(sent()).toMatchObject({ body: { room: 'standup' }, headers: { Authorization: 'Bearer secret' } });
  });
  it('gives the status and the wait of a refusal', async () => {
    answer(429, { error: {} }, { 'Retry-After': '12' });
    expect(await lookUp(code)).toEqual({ kind: 'refused', status: 429, retryAfterMs: 12_000 });
  });
  it('gives status 0 when the server is not reached, or answers nonsense', async () => {
    fetched.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    expect(await lookUp(code)).toMatchObject({ kind: 'refused', status: 0 });
    for (const nonsense of ['<html>', 'null', '5']) {
      fetched.mockResolvedValueOnce(new Response(nonsense, { status: 200 }));
      expect(await lookUp(code)).toMatchObject({ kind: 'refused', status: 0 });
    }
  });
});

describe('enter', () => {
  it('exchanges a code', async () => {
    answer(200, { token: 't', livekit_url: 'ws://x', identity: 'i' });
    expect(await enter(code, { name: 'Ada' })).toEqual({ kind: 'admitted', admission: { token: 't', livekit_url: 'ws://x', identity: 'i' } });
    expect(sent()).toMatchObject({ path: '/v2/token', body: { code: 'wpi-srjb-wer', name: 'Ada' } });
    expect(sent().body).not.toHaveProperty('request_id');
    expect(sent().headers.Prefer).toBeUndefined();
  });
  it('is told to wait for the start, and why it is refused', async () => {
    answer(202, { status: 'waiting', starts_at: '2030-01-07T10:00:00Z', retry_after_ms: 30_000 });
    expect(await enter(code, { name: 'Ada', requestId: '' })).toEqual({ kind: 'waiting', requestId: '', startsAt: '2030-01-07T10:00:00Z', retryAfterMs: 30_000 });
    expect(sent().body).not.toHaveProperty('request_id');
    answer(403, {}, { 'Roomkey-Reason': 'blocked' });
    expect(await enter(code, { name: 'Ada' })).toEqual({ kind: 'refused', status: 403, retryAfterMs: 0, reason: 'blocked' });
  });
  it('joins by name, and waits with a held call', async () => {
    answer(202, { status: 'waiting', request_id: 'r', retry_after_ms: 1500 });
    expect(await enter(room, { name: 'Ada', requestId: 'r', hold: true }, 'secret')).toEqual({ kind: 'waiting', requestId: 'r', retryAfterMs: 1500 });
    expect(sent()).toMatchObject({
      path: '/page/join',
      body: { room: 'standup', name: 'Ada', request_id: 'r' },
      headers: { Prefer: 'wait=25', Authorization: 'Bearer secret' },
    });
  });
});

describe('join requests', () => {
  it('are held only once there is a version to compare with', async () => {
    answer(200, { requests: [], version: '1' });
    await hostView('token', undefined);
    expect(sent().headers.Prefer).toBeUndefined();
    answer(200, { requests: [], version: '1' });
    await hostView('token', '1');
    expect(sent()).toMatchObject({ path: '/page/requests', body: { version: '1' }, headers: { Prefer: 'wait=25', Authorization: 'Bearer token' } });
  });
  it('are answered', async () => {
    answer(200, { request: {} });
    expect(await answerJoinRequest('token', 'r', false)).toMatchObject({ kind: 'answered' });
    expect(sent()).toMatchObject({ path: '/page/requests/answer', body: { request_id: 'r', approve: false } });
  });
});

describe('a call', () => {
  /** hangs until its signal ends it. */
  const hangs = () =>
    fetched.mockImplementationOnce(
      (_, init) => new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))),
    );
  // As in Safari before 17.4.
  beforeEach(() => vi.stubGlobal('AbortSignal', {}));

  it('ends with the caller', async () => {
    hangs();
    const over = new AbortController();
    const entry = enter(code, { name: 'Ada', hold: true }, undefined, over.signal);
    over.abort();
    expect(await entry).toMatchObject({ kind: 'refused', status: 0 });
  });
  it('is not begun for somebody who is gone', async () => {
    fetched.mockImplementationOnce(async (_, init) => {
      if (init?.signal?.aborted) throw new DOMException('', 'AbortError');
      return new Response('{}');
    });
    const over = new AbortController();
    over.abort();
    expect(await enter(code, { name: 'Ada' }, undefined, over.signal)).toMatchObject({ status: 0 });
  });
  it('ends after a while by itself, a held one later', async () => {
    vi.useFakeTimers();
    hangs();
    const plain = vi.fn();
    void lookUp(code).then(plain);
    hangs();
    const held = vi.fn();
    void enter(code, { name: 'Ada', hold: true }).then(held);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(plain).toHaveBeenCalledWith(expect.objectContaining({ status: 0 }));
    expect(held).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(held).toHaveBeenCalled();
    vi.useRealTimers();
  });
  it('that the page makes wrongly is not taken for trouble with the network', async () => {
    const circle: Record<string, unknown> = {};
    circle.name = circle;
    await expect(enter(code, circle as never)).rejects.toThrow(TypeError);
  });
});
