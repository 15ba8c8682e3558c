import { whole } from '../text/format.ts';

/** How full a queue is: a number of its limit, and a bar. Red from four fifths on. */
export function Level({ value, limit }: { value: number; limit: number }) {
  const share = limit === 0 ? 0 : Math.min(1, value / limit);
  const tone = share >= 0.8 ? 'bad' : share >= 0.5 ? 'warn' : '';
  return (
    <span class={`level ${tone}`}>
      <span class="number">
        {whole(value)}
        <span class="quiet"> / {whole(limit)}</span>
      </span>
      <i aria-hidden="true">
        <b style={{ width: `${share * 100}%` }} />
      </i>
    </span>
  );
}
