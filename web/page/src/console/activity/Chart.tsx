import { text } from '../text';

const words = text.activity;
const height = 80;
const bar = 10;

/** Chart draws a bar for each value, and says in words what a reader of the picture sees. */
export function Chart({ title, values, from, to, unit = '' }: { title: string; values: number[]; from: string; to: string; unit?: string }) {
  const most = Math.max(0, ...values);
  const last = values.at(-1) ?? 0;
  return (
    <figure className="chart">
      <figcaption>
        <b>{title}</b>
        <span className="quiet small block">{words.summary(last + unit, most + unit)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${values.length * bar} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {values.map((value, i) => {
          const size = most > 0 ? (value / most) * height : 0;
          return <rect key={i} x={i * bar + 1} y={height - size} width={bar - 2} height={size} />;
        })}
      </svg>
      <p className="chart-ends quiet small" aria-hidden="true">
        <span>{from}</span>
        <span>{to}</span>
      </p>
    </figure>
  );
}
