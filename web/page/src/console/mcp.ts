// The console speaks to the server as an agent does: by tools and resources, over MCP.

import { deadlineOf } from '../deadline';
import { text } from './text';

const version = '2026-07-28';

const callTimeoutMs = 20_000;
const mostTimes = 24;
/** waitSeconds is how long a call is held open that waits for something new. */
export const waitSeconds = 45;

/** ToolError is why a call failed, in the words of the server. */
export class ToolError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint = '',
    readonly field = '',
  ) {
    super(message);
  }
}

/** Options of a call. */
export interface Options {
  signal?: AbortSignal | undefined;
  /** held says that the server may wait before it answers. */
  held?: boolean;
}

interface Report {
  code?: string | number; // a number in errors of the protocol
  message?: string;
  hint?: string;
  field?: string;
  data?: Report; // of errors of the protocol: what tools say
}

interface Answer {
  error?: Report;
  result?: {
    isError?: boolean;
    structuredContent?: unknown;
    tools?: { name: string }[];
    resources?: { uri: string }[];
    contents?: { text?: string }[];
    _meta?: { 'roomkey/error'?: Report };
  };
}

/** Offered are the names of tools, and the addresses of resources. */
export interface Offered {
  tools: Set<string>;
  resources: Set<string>;
}

/** Client calls the tools and reads the resources with one access token. */
export class Client {
  /** times are how long the last calls took that the server did not hold, in milliseconds. */
  readonly times: number[] = [];
  private offered: Promise<Offered> | undefined;

  /** ended is called when the server does not take the token any more. */
  constructor(
    private readonly token: string,
    private readonly ended: () => void,
  ) {}

  /** call calls a tool and gives the structured content of its answer. */
  async call<T>(tool: string, args: object, options: Options = {}): Promise<T> {
    const { result } = await this.send('tools/call', { name: tool, arguments: args }, options);
    if (!result?.isError) return result?.structuredContent as T;
    const report = result._meta?.['roomkey/error'];
    throw this.failure(report ?? {});
  }

  /** read gives what is in a resource. */
  async read<T>(uri: string, options: Options = {}): Promise<T> {
    const { result } = await this.send('resources/read', { uri }, options);
    try {
      return JSON.parse(result?.contents?.[0]?.text ?? '') as T;
    } catch {
      throw this.failure({});
    }
  }

  /** offers says which tools and resources this server has for the person. */
  offers(): Promise<Offered> {
    this.offered ??= Promise.all([this.send('tools/list', {}), this.send('resources/list', {})]).then(([tools, resources]) => ({
      tools: new Set(tools.result?.tools?.map(({ name }) => name)),
      resources: new Set(resources.result?.resources?.map(({ uri }) => uri)),
    }));
    this.offered.catch(() => (this.offered = undefined)); // the next one asks again
    return this.offered;
  }

  private async send(method: string, params: { name?: string; arguments?: object; uri?: string }, { signal, held }: Options = {}): Promise<Answer> {
    const deadline = deadlineOf(held ? callTimeoutMs + waitSeconds * 1000 : callTimeoutMs, signal);
    const meta = {
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientInfo': { name: 'roomkey console', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const headers: Record<string, string> = {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      Authorization: `Bearer ${this.token}`,
      'Mcp-Protocol-Version': version,
      'Mcp-Method': method,
    };
    const name = params.name ?? params.uri;
    if (name) headers['Mcp-Name'] = name;
    let answer: Answer;
    const began = performance.now();
    try {
      const response = await fetch('/mcp', {
        method: 'POST',
        headers,
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        cache: 'no-store',
        signal: deadline.signal,
      });
      answer = (await response.json()) as Answer;
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new ToolError('unreached', text.unreached);
    } finally {
      deadline.clear();
    }
    if (!held) {
      this.times.push(Math.round(performance.now() - began));
      this.times.splice(0, this.times.length - mostTimes);
    }
    if (answer.error) throw this.failure(answer.error.data?.code ? answer.error.data : answer.error);
    return answer;
  }

  private failure({ code = 'internal', message = text.unreadable, hint, field }: Report): ToolError {
    if (code === 'unauthenticated') this.ended();
    return new ToolError(String(code), message, hint, field);
  }
}
