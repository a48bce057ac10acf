// What the server says of itself beside the tools: whether its parts answer, its
// version, and its counters where it shows them to this browser.

/** Health is the answer of /readyz: each part with "ok" or "unavailable". */
export type Health = Record<string, string>;

/** Version is the answer of /version. */
export interface Version {
  version: string;
  commit: string;
  go: string;
}

/** Counter is one of the counters of the server since its start. */
export interface Counter {
  what: string;
  labels: string;
  value: number;
}

async function get(path: string, signal: AbortSignal): Promise<Response | undefined> {
  try {
    return await fetch(path, { signal, credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' });
  } catch {
    return undefined;
  }
}

/** readHealth gives the state of each part; undefined where the server was not reached. Its status is 503 when a part is missing. */
export async function readHealth(signal: AbortSignal): Promise<Health | undefined> {
  const response = await get('/readyz', signal);
  return (await response?.json().catch(() => undefined)) as Health | undefined;
}

/** readVersion gives what runs there. */
export async function readVersion(signal: AbortSignal): Promise<Version | undefined> {
  const response = await get('/version', signal);
  return response?.ok ? ((await response.json().catch(() => undefined)) as Version | undefined) : undefined;
}

/** readCounters gives the counters; undefined where this browser may not read them, as on another machine. */
export async function readCounters(signal: AbortSignal): Promise<Counter[] | undefined> {
  const response = await get('/metrics', signal);
  return response?.ok ? countersIn(await response.text()) : undefined;
}

const shown: Record<string, string> = {
  roomkey_tool_calls_total: 'tools',
  roomkey_limited_total: 'limits',
  roomkey_webhook_deliveries_total: 'deliveries',
  roomkey_webhook_waiting_seconds: 'waiting',
};

/** countersIn reads those counters that the console shows. Calls that went well are left out. */
export function countersIn(metrics: string): Counter[] {
  const found: Counter[] = [];
  for (const line of metrics.split('\n')) {
    const [, name = '', labels = '', value = ''] = /^(roomkey_\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    const what = shown[name];
    if (!what || labels.includes('outcome="ok"')) continue;
    const values = [...labels.matchAll(/\w+="((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '');
    found.push({ what, labels: values.reverse().join(', '), value: Number(value) });
  }
  return found;
}
