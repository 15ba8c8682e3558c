import type { ComponentChildren } from 'preact';
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { whole } from '../text/format.ts';
import { Term } from './term.tsx';

/** Rows at first, and more at each click: a browser takes longer than anybody waits to lay out hundreds at once. */
const FIRST = 25;
const STEP = 50;

export interface Column<T> {
  readonly title: string;
  /** The title's entry in the glossary. */
  readonly slug?: string;
  readonly isNumber?: boolean;
  /** The title is for those who hear the table; who sees it sees what it is. */
  readonly isUnseen?: boolean;
  /** Classes of its cells. */
  readonly look?: string | ((row: T) => string);
  readonly of: (row: T) => ComponentChildren;
}

/** A table of rows that are all alike. */
export function Table<T>({
  caption,
  isCaptionSeen = false,
  columns,
  rows,
  keyOf,
  isChosen,
  detailOf,
}: {
  caption: ComponentChildren;
  isCaptionSeen?: boolean;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string | number;
  isChosen?: (row: T) => boolean;
  /** What stands below a row, over all columns. */
  detailOf?: (row: T) => ComponentChildren;
}) {
  const [most, setMost] = useState(FIRST);
  return (
    <>
      <table>
        <caption class={isCaptionSeen ? '' : 'unseen'}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={classOf(column)}>
                <Title of={column} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, most).map((row) => {
            const detail = detailOf?.(row);
            return (
              <Fragment key={keyOf(row)}>
                <tr class={isChosen?.(row) === true ? 'chosen' : ''}>
                  {columns.map((column) => (
                    <td key={column.title} class={`${classOf(column)} ${lookOf(column, row)}`}>
                      {column.of(row)}
                    </td>
                  ))}
                </tr>
                {detail !== undefined && (
                  <tr class="detail">
                    <td colSpan={columns.length}>{detail}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
      {rows.length > most && (
        <p class="note">
          <button type="button" class="small" onClick={() => setMost(most + STEP)}>
            Show {Math.min(STEP, rows.length - most)} more
          </button>{' '}
          <span class="quiet">
            {whole(most)} of {whole(rows.length)} are shown
          </span>
        </p>
      )}
    </>
  );
}

function Title({ of: { title, slug, isUnseen } }: { of: Omit<Column<never>, 'of' | 'look'> }) {
  if (slug !== undefined) return <Term slug={slug}>{title}</Term>;
  return isUnseen === true ? <span class="unseen">{title}</span> : <>{title}</>;
}

const classOf = ({ isNumber }: { readonly isNumber?: boolean }) =>
  isNumber === true ? 'number' : '';

function lookOf<T>({ look }: Column<T>, row: T): string {
  return typeof look === 'function' ? look(row) : (look ?? '');
}
