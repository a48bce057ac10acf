import { useEffect, useState } from 'react';
import { when } from '../format';
import { ToolError } from '../mcp';
import { Problem } from '../parts/Table';
import { text } from '../text';
import { useSession } from '../useTool';
import { type Activity, activityOf, countInside, readEvents } from './activity';
import { Chart } from './Chart';

const words = text.activity;

/** Charts show the last day in the rooms that the caller may read about. */
export function Charts({ age }: { age: number }) {
  const { client, who } = useSession();
  const [found, setFound] = useState<{ activity?: Activity; atLeast?: boolean; error?: ToolError }>({});
  useEffect(() => {
    const end = new AbortController();
    const look = async () => {
      const now = Date.now();
      const scope = { scope: who.role === 'superadmin' ? 'all' : 'mine' };
      const [{ events, whole }, count] = await Promise.all([
        readEvents(client, now, end.signal),
        countInside(client, scope, end.signal),
      ]);
      setFound({ activity: activityOf(events, whole, count.people, now), atLeast: count.atLeast });
    };
    look().catch((cause: unknown) => {
      if (!end.signal.aborted && cause instanceof ToolError) setFound((before) => ({ ...before, error: cause }));
    });
    return () => end.abort();
  }, [client, who, age]);
  const { activity, atLeast, error } = found;
  if (!activity) return error ? <Problem error={error} /> : <p role="status">{text.loading}</p>;
  const from = when(new Date(activity.from).toISOString());
  const to = when(new Date(activity.to).toISOString());
  return (
    <section className="stack" aria-labelledby="activity">
      <h2 id="activity">{activity.whole ? words.day : words.part(from)}</h2>
      <Problem error={error} />
      <div className="charts">
        <Chart title={atLeast ? words.insideAtLeast : words.inside} values={activity.inside} from={from} to={to} />
        <Chart title={words.joins} values={activity.joins} from={from} to={to} />
        <Chart title={words.refusals} values={activity.refusals} from={from} to={to} />
      </div>
    </section>
  );
}
