import { useCallback, useEffect, useState } from 'react';
import { type Counter, type Health, readCounters, readHealth, readVersion, type Version } from './activity/health';
import { Chart } from './activity/Chart';
import { Charts } from './activity/Charts';
import { when } from './format';
import { type Column, Name, Pager, Problem, Table } from './parts/Table';
import { text } from './text';
import type { Examination, Finding } from './shapes';
import { useFresh, usePart, useResource, useSession } from './useTool';
import { View } from './View';

const words = text.health;

/** HealthView says whether the parts of the server answer, and what has happened in the last day. */
export function HealthView() {
  const { client, who, tools, resources } = useSession();
  const [age, setAge] = useState(0);
  const [state, setState] = useState<{ health?: Health | undefined; version?: Version | undefined; counters?: Counter[] | undefined; asked: boolean }>({ asked: false });
  const [mayCount, setMayCount] = useState(true);
  useFresh(null, useCallback(() => setAge((n) => n + 1), []), 60);
  useEffect(() => {
    const end = new AbortController();
    const look = async () => {
      const [health, version, counters] = await Promise.all([readHealth(end.signal), readVersion(end.signal), mayCount ? readCounters(end.signal) : undefined]);
      if (end.signal.aborted) return;
      setState({ health, version, counters, asked: true });
      if (!counters) setMayCount(false);
    };
    void look();
    return () => end.abort();
  }, [age, mayCount]);
  const { health, version, counters, asked } = state;
  const part = usePart(counters ?? []);
  const times = client.times;
  return (
    <View heading={words.heading}>
      {!asked && <p role="status">{text.loading}</p>}
      {asked && !health && (
        <p className="problem" role="alert">
          {words.unreached}
        </p>
      )}
      {health && <Table caption={words.parts} columns={parts} items={Object.entries(health)} keyOf={([name]) => name} empty="" />}
      {resources.has(examination) && <Findings age={age} />}
      {version && <p className="quiet">{words.version(version.version, version.commit, version.go)}</p>}
      {who.role !== 'guest' && tools.has('list_events') && tools.has('list_rooms') && <Charts age={age} />}
      {times.length > 0 && (
        <div className="charts">
          <Chart title={words.latency} values={times} unit=" ms" from={words.earlier} to={words.now} />
        </div>
      )}
      {counters && (
        <section className="stack" aria-labelledby="counters">
          <h2 id="counters">{words.counters}</h2>
          <Table caption={words.counters} columns={columns} items={part.items} keyOf={({ what, labels }) => `${what} ${labels}`} empty={words.noCounters} />
          <Pager list={words.counters} pages={part} />
        </section>
      )}
      {asked && !counters && <p className="quiet">{words.countersElsewhere}</p>}
    </View>
  );
}

const examination = 'roomkey://health';

/** Findings is what the server says that keeps it, or the people it serves, from working. */
function Findings({ age }: { age: number }) {
  const asked = useResource<Examination>(examination, age);
  return (
    <section className="stack" aria-labelledby="findings">
      <h2 id="findings">{words.findings}</h2>
      <Problem error={asked.error} />
      {asked.value ? (
        <>
          <Table caption={words.findings} columns={findings} items={asked.value.findings} keyOf={({ check, detail }) => `${check} ${detail}`} empty="" />
          <p className="quiet">{words.examined(when(asked.value.examined_at, true))}</p>
        </>
      ) : (
        !asked.error && <p role="status">{words.examining}</p>
      )}
    </section>
  );
}

const findings: Column<Finding>[] = [
  { title: words.check, head: true, cell: ({ check }) => check },
  { title: words.state, cell: ({ status }) => (status === 'ok' ? words.findingStates[status] : <b className="problem">{words.findingStates[status] ?? status}</b>) },
  {
    title: words.found,
    cell: ({ detail, hint }) => (
      <>
        <Name>{detail}</Name>
        {hint && (
          <span className="quiet small block lines">
            <Name>{hint}</Name>
          </span>
        )}
      </>
    ),
  },
];

const parts: Column<[string, string]>[] = [
  { title: words.part, head: true, cell: ([name]) => words.names[name] ?? name },
  { title: words.state, cell: ([, state]) => (['ok', 'ready'].includes(state) ? words.states[state] : <b className="problem">{words.states[state] ?? state}</b>) },
];

const columns: Column<Counter>[] = [
  { title: words.what, head: true, cell: ({ what }) => words.whats[what] },
  { title: words.labels, cell: ({ labels }) => labels },
  { title: words.value, cell: ({ value }) => String(value) },
];
