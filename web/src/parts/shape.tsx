import { useMemo } from 'preact/hooks';
import type { Params } from '../data/route.ts';
import { keep } from '../shell/navigation.ts';
import { useShortcuts } from '../shell/shortcuts.ts';

export const isTable = (params: Params): boolean => params['as'] === 'table';

/** Every drawing can be read as a table. */
export function ShapeChoice({ params }: { params: Params }) {
  const table = isTable(params);
  useShortcuts(useMemo(() => ({ d: () => keep({ as: table ? undefined : 'table' }) }), [table]));
  return (
    <fieldset class="choice">
      <legend class="unseen">How it is shown</legend>
      {(['Drawing', 'Table'] as const).map((word) => {
        const isThis = (word === 'Table') === table;
        return (
          <label key={word} class={isThis ? 'chosen' : ''}>
            <input
              type="radio"
              name="shape"
              checked={isThis}
              onChange={() => keep({ as: word === 'Table' ? 'table' : undefined })}
            />
            {word}
          </label>
        );
      })}
    </fieldset>
  );
}
