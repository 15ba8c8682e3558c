/** What a term is of, in the order in which `packetwatch explain` lists them. */
export const TERM_KINDS = {
  'TCP state': 'state-',
  'TCP flag': 'flag-',
  'header field': 'header-',
  'control block variable': '',
  conn_state: 'conn-state-',
  'history letter': 'history-',
  event: 'event-',
  outcome: 'outcome-',
  error: 'error-',
  'end reason': 'end-',
  'scan kind': 'scan-',
  'scan technique': 'technique-',
  'verdict part': 'verdict-',
  'block reason': 'reason-',
  'loss place': 'loss-',
  'JSON field': 'field-',
  'socket field': 'socket-',
  'Zeek field': 'zeek-',
  value: 'value-',
  source: 'source-',
  hook: 'hook-',
  rule: 'rule-',
  metric: '',
  concept: '',
} as const;

export type TermKind = keyof typeof TERM_KINDS;

/** One term of the glossary. Text is plain; backticks stand around what is typed. */
export interface Entry {
  /** Anchor in docs/glossary.md, and a word that `packetwatch explain` takes. It stays the same for good. */
  readonly slug: string;
  readonly term: string;
  /** Other words for it; several entries may share one. */
  readonly aliases: readonly string[];
  readonly kind: TermKind;
  /** What it is, in one sentence. */
  readonly definition: string;
  /** What it says when it is seen. */
  readonly meaning?: string;
  /** What to do about it. */
  readonly action?: string;
  /** Slugs of further entries. */
  readonly see: readonly string[];
  /** RFC and section, paper, or file. */
  readonly source?: string;
}

/** An entry as it is written down. */
export interface Draft
  extends Pick<Entry, 'term' | 'definition' | 'meaning' | 'action' | 'source'> {
  readonly aliases?: readonly string[];
  readonly see?: readonly string[];
}

/** The entries of one kind: each gets the slug that its kind and term give. */
export function entries(kind: TermKind, drafts: readonly Draft[]): readonly Entry[] {
  return drafts.map(({ aliases = [], see = [], ...draft }) => ({
    slug: TERM_KINDS[kind] + slugOf(draft.term),
    aliases,
    kind,
    see,
    ...draft,
  }));
}

/** Letters and digits with single hyphens between: `TIME-WAIT` is `time-wait`. */
export function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replace('^', 'caret')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
