import type { ComponentChildren } from 'preact';
import type { ApiError } from '../data/http.ts';
import { Icon } from './icon.tsx';

/** An error as the program told it, with the mend. */
export function Failure({ error }: { error: ApiError }) {
  return (
    <p class="says bad" role="alert">
      <Icon name="warn" />
      <span>
        {error.message}
        {error.hint !== '' && <span class="quiet"> — {error.hint}</span>}
      </span>
    </p>
  );
}

/** Why nothing is here. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}
