import { afterEach, describe, expect, it, vi } from 'vitest';
import { Client, ToolError } from '../../src/console/mcp';

interface Sent {
  url: string;
  init: RequestInit;
}

/** setup gives a client whose calls get these answers, one after the other; the last one stays. */
function setup(...answers: (object | string | Error)[]) {
  const sent: Sent[] = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    sent.push({ url, init });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(new Response(typeof answer === 'string' ? answer : JSON.stringify(answer)));
  });
  const ended = vi.fn();
  return { client: new Client('the-token', ended), sent, ended };
}

afterEach(() => vi.unstubAllGlobals());

const failed = (report: object) => ({ result: { isError: true, _meta: { 'roomkey/error': report } } });

describe('a call', () => {
  it('says what version 2026-07-28 asks for, with the token in a header alone', async () => {
    const { client, sent } = setup({ result: { structuredContent: { rooms: [] } } });
    expect(await client.call('list_rooms', { limit: 5 })).toEqual({ rooms: [] });
    const { url, init } = sent[0] as Sent;
    expect(url).toBe('/mcp');
    expect(init.headers).toMatchObject({
      Authorization: 'Bearer the-token',
      'Mcp-Protocol-Version': '2026-07-28',
      'Mcp-Method': 'tools/call',
      'Mcp-Name': 'list_rooms',
    });
    expect(init.credentials).toBe('omit');
    expect(init.body).not.toContain('the-token');
    expect(JSON.parse(init.body as string)).toMatchObject({ method: 'tools/call', params: { name: 'list_rooms', arguments: { limit: 5 } } });
  });
  it.each([
    ['of a tool', failed({ code: 'not_found', message: 'Room not found', hint: 'Look.', field: 'room_id' }), ['not_found', 'Room not found', 'Look.', 'room_id']],
    ['before MCP', { error: { code: 'forbidden', message: 'No' } }, ['forbidden', 'No', '', '']],
    ['of the protocol', { error: { code: -32602, message: 'There is no such tool here' } }, ['-32602', 'There is no such tool here', '', '']],
    ['without words', failed({}), ['internal', 'The answer could not be read.', '', '']],
    ['of the network', new TypeError('failed'), ['unreached', 'The server was not reached.', '', '']],
    ['of a proxy', '<html>', ['unreached', 'The server was not reached.', '', '']],
  ])('gives an error %s', async (_, answer, want) => {
    const { client, ended } = setup(answer);
    const error = (await client.call('get_room', {}).catch((cause: unknown) => cause)) as ToolError;
    expect(error).toBeInstanceOf(ToolError);
    expect([error.code, error.message, error.hint, error.field]).toEqual(want);
    expect(ended).not.toHaveBeenCalled();
  });
  it.each([{ error: { code: 'unauthenticated', message: 'over' } }, failed({ code: 'unauthenticated', message: 'over' })])('with a token that has ended says so: %j', async (answer) => {
    const { client, ended } = setup(answer);
    await expect(client.call('list_rooms', {})).rejects.toThrow('over');
    expect(ended).toHaveBeenCalledOnce();
  });
});

describe('what is offered', () => {
  it('is asked for once, and again after a failure', async () => {
    const { client, sent } = setup(new TypeError('failed'), { result: { tools: [{ name: 'list_rooms' }], resources: [{ uri: 'roomkey://users' }] } });
    await expect(client.offers()).rejects.toThrow('not reached');
    const offered = { tools: new Set(['list_rooms']), resources: new Set(['roomkey://users']) };
    expect(await client.offers()).toEqual(offered);
    const calls = sent.length;
    expect(await client.offers()).toEqual(offered);
    expect(sent).toHaveLength(calls);
  });
});

describe('a resource', () => {
  it('is read by its address', async () => {
    const { client, sent } = setup({ result: { contents: [{ text: '{"users":[]}' }] } });
    expect(await client.read('roomkey://users?after=x')).toEqual({ users: [] });
    expect(sent[0]?.init.headers).toMatchObject({ 'Mcp-Method': 'resources/read', 'Mcp-Name': 'roomkey://users?after=x' });
    expect(JSON.parse(sent[0]?.init.body as string)).toMatchObject({ params: { uri: 'roomkey://users?after=x' } });
  });
  it.each([
    [{ error: { code: -32602, message: 'forbidden: No. Ask.', data: { code: 'forbidden', message: 'No', hint: 'Ask.' } } }, ['forbidden', 'No', 'Ask.']],
    [{ error: { code: -32602, message: 'There is no such resource here' } }, ['-32602', 'There is no such resource here', '']],
    [{ result: { contents: [{ text: '{' }] } }, ['internal', 'The answer could not be read.', '']],
  ])('that cannot be had says why: %j', async (answer, want) => {
    const { client } = setup(answer);
    const error = (await client.read('roomkey://users').catch((cause: unknown) => cause)) as ToolError;
    expect([error.code, error.message, error.hint]).toEqual(want);
  });
});
