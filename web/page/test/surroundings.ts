// What the tests of the flow share: a server, a call and a browser to go through.

import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Invitation } from '../src/api';
import type { Call, Ending, Entrance } from '../src/call/enter';
import { Flow } from '../src/flow';
import type { Surroundings } from '../src/state';
import type { StoredCall } from '../src/stored';
import { lockManager } from './locks';

export const key = 'A'.repeat(43);

/** server answers calls by path; what is not set answers 404. */
export const server = vi.fn<(path: string, body: Record<string, unknown>) => Response | Promise<Response>>();
export const json = (status: number, body: unknown = {}, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });

export const guest: Invitation = { room_name: 'standup', role: 'guest', publish: ['camera'], chat: true, e2ee: false, waits: false, admits: false, hosts: false, livekit_inside: true };
export const host: Invitation = { ...guest, role: 'host', admits: true, hosts: true };
export const token = `h.${btoa(JSON.stringify({ exp: 4_000_000_000 }))}.s`;
export const admission = { token, livekit_url: 'ws://x', identity: 'guest_1', e2ee: false };

export const link = { kind: 'code', code: 'wpi-srjb-wer' } as const;

/** entrance is what the call was entered with. */
export let entrance: Entrance | undefined;
export const enterCall = vi.fn<(entrance: Entrance) => Promise<Call | Ending>>();
export const reload = vi.fn();
export const call = { leave: vi.fn() };

export function setup(path: string, fragment = '', more: Partial<Surroundings> = {}) {
  const at = { path, fragment };
  const flow = new Flow({
    path: () => at.path,
    fragment: () => at.fragment,
    replace: (address) => {
      const [newPath, newFragment] = address.split('#');
      at.path = newPath ?? '';
      at.fragment = newFragment ? `#${newFragment}` : '';
    },
    reloaded: () => true,
    webrtc: () => true,
    encryption: () => true,
    signalling: () => 'ws://here',
    reload,
    loadCall: async () => ({ enterCall, CallScreen: () => null }),
    ...more,
  });
  const reaches = (screen: string) => vi.waitFor(() => expect(flow.state.screen === 'message' ? flow.state.message : flow.state.screen).toBe(screen));
  return { flow, at, reaches };
}

export function answers(paths: Record<string, (body: Record<string, unknown>) => Response | Promise<Response>>) {
  server.mockImplementation((path, body) => paths[path]?.(body) ?? json(404));
}

export const calls = (path: string) => server.mock.calls.filter(([called]) => called === path).map(([, body]) => body);

export function keptCall(): StoredCall {
  return { link: { kind: 'code', code: 'wpi-srjb-wer' }, invitation: guest, token, livekitUrl: 'ws://x', identity: 'guest_1', name: 'Ada', microphone: true, camera: true, left: false, plain: false };
}

beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
  entrance = undefined;
  server.mockReset();
  enterCall.mockReset().mockImplementation(async (given) => {
    entrance = given;
    return call as unknown as Call;
  });
  call.leave.mockReset();
  reload.mockReset();
  vi.stubGlobal('navigator', { locks: lockManager() });
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => server(path, JSON.parse(init.body as string) as Record<string, unknown>));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
