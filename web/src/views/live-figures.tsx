import { RATED, type Rated } from '../data/rates.ts';
import { session } from '../data/session.ts';
import { Icon } from '../parts/icon.tsx';
import { Spark } from '../parts/spark.tsx';
import { Term } from '../parts/term.tsx';
import { percent, rate, short, whole } from '../text/format.ts';

const WORDS: Readonly<Record<Rated, readonly [slug: string, word: string]>> = {
  attempts: ['event-connection-attempt', 'attempts'],
  opened: ['event-connection-open', 'opened'],
  failed: ['field-outcome', 'failed'],
  closed: ['event-connection-close', 'closed'],
};

/** What goes on, in one line. */
export function Figures() {
  const { rates } = session;
  return (
    <dl class="figures">
      {RATED.map((name) => (
        <div key={name} class={name === 'failed' && rates.now(name) >= 0.05 ? 'bad' : ''}>
          <dt>
            <Term slug={WORDS[name][0]}>{WORDS[name][1]}</Term>
          </dt>
          <dd>
            {rate(rates.now(name))}
            <small>/s</small>
          </dd>
          <Spark values={rates.points.slice(-60).map((point) => point[name])} />
        </div>
      ))}
      <div>
        <dt>
          <Term slug="connection">live now</Term>
        </dt>
        <dd>{rates.last === undefined ? '–' : short(rates.last.live)}</dd>
      </div>
      <div class={(rates.last?.lost ?? 0) > 0 ? 'bad' : ''}>
        <dt>
          <Term slug="event-loss">lost</Term>
        </dt>
        <dd>{rates.last === undefined ? '–' : whole(rates.last.lost)}</dd>
      </div>
    </dl>
  );
}

/** What the table leaves out, and why. */
export function SamplingNote() {
  const { sampling, paused, passedText } = session;
  const share = sampling.share(performance.now());
  if (paused)
    return (
      <p class="strip wait">
        <Icon name="pause" />
        <span>Paused. {passedText} connections passed meanwhile.</span>
      </p>
    );
  if (share === 1) return null;
  return (
    <p class="strip wait">
      <Icon name="filter" />
      <span>
        More comes than is shown: {sampling.oneIn > 1 && `1 in ${sampling.oneIn} connections, `}
        {percent(share)} of the events; {whole(sampling.skipped)} left out in all. Rates above are
        exact, and scans, blocks and losses are always shown.
      </span>
    </p>
  );
}
