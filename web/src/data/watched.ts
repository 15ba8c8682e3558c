import { useEffect, useState } from 'preact/hooks';

/** Something that changes by itself. */
export class Watched {
  readonly #listeners: Set<() => void> = new Set<() => void>();
  #due = false;

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the listeners once before the next frame, however often it is called; a hidden tab a few times a second. */
  protected changed(): void {
    if (this.#due) return;
    this.#due = true;
    const tell = () => {
      this.#due = false;
      for (const listener of this.#listeners) listener();
    };
    if (document.hidden) setTimeout(tell, HIDDEN_MS);
    else requestAnimationFrame(tell);
  }
}

const HIDDEN_MS = 250;

/**
 * Draws the component again whenever `watched` changes.
 * @param shown what of it is drawn: other changes aren't waited for
 */
export function useWatched<T extends Watched>(watched: T, shown?: () => unknown): T {
  const [, redraw] = useState<unknown>();
  useEffect(() => watched.subscribe(() => redraw(shown ? shown() : {})), [watched, shown]);
  return watched;
}
