import type { Listener } from './listener.ts';

/** A queue is pressed from three quarters on, and calm again below a half. */
const PRESSED = 0.75;
const CALM = 0.5;
/** So many calm looks, a second apart, end it. */
const CALM_LOOKS = 5;
/** In shorter queues one connection is a large part: they are pressed when they are full. */
const SHORT = 8;

/** That a listener's pressure began, or has ended. */
export interface Change {
  readonly state: 'start' | 'end';
  /** As it was last seen. */
  readonly listener: Listener;
  /** Dropped at this look, or in all of it. */
  readonly dropped: number;
  /** The most that waited to be accepted. */
  readonly most: number;
  readonly durationNs: number;
  /** It ended because the listener was closed. */
  readonly closed: boolean;
}

interface Followed {
  listener: Listener;
  pressed: { sinceNs: number; dropped: number; most: number; calm: number } | undefined;
  seen: number;
}

/** Follows the queues of listeners from look to look. */
export class Pressure {
  /** SYNs and handshakes that listeners dropped since the first look. */
  dropped = 0;
  /** Listeners beyond those that are followed, at the last look. */
  unfollowed = 0;
  readonly #limit: number;
  readonly #followed = new Map<bigint, Followed>();
  #look = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get listeners(): Listener[] {
    return [...this.#followed.values()].map(({ listener }) => listener);
  }

  get pressed(): number {
    return [...this.#followed.values()].filter(({ pressed }) => pressed).length;
  }

  /** All listeners that there are now; call it once a second. */
  look(listeners: readonly Listener[], nowNs: number): Change[] {
    const first = this.#look++ === 0;
    const changes: Change[] = [];
    this.unfollowed = 0;
    for (const listener of listeners) {
      let followed = this.#followed.get(listener.cookie);
      if (!followed && this.#followed.size >= this.#limit) {
        this.unfollowed++;
        continue;
      }
      // What one dropped before the start is not ours to tell; all that a new one dropped is.
      followed ??= {
        listener: first ? listener : { ...listener, drops: 0 },
        pressed: undefined,
        seen: 0,
      };
      this.#followed.set(listener.cookie, followed);
      const change = this.#change(followed, listener, nowNs);
      followed.listener = listener;
      followed.seen = this.#look;
      if (change) changes.push(change);
    }
    return [...changes, ...this.#closed(nowNs)];
  }

  #change(followed: Followed, now: Listener, nowNs: number): Change | undefined {
    const dropped = (now.drops - followed.listener.drops) >>> 0;
    this.dropped += dropped;
    const { pressed } = followed;
    if (!pressed) {
      if (dropped === 0 && !isPressed(now)) return undefined;
      followed.pressed = { sinceNs: nowNs, dropped, most: now.accept, calm: 0 };
      return changeOf('start', now, followed.pressed, nowNs);
    }
    pressed.dropped += dropped;
    pressed.most = Math.max(pressed.most, now.accept);
    pressed.calm = dropped === 0 && isCalm(now) ? pressed.calm + 1 : 0;
    if (pressed.calm < CALM_LOOKS) return undefined;
    followed.pressed = undefined;
    return changeOf('end', now, pressed, nowNs);
  }

  *#closed(nowNs: number): Generator<Change> {
    for (const [cookie, { listener, pressed, seen }] of this.#followed) {
      if (seen === this.#look) continue;
      this.#followed.delete(cookie);
      if (pressed) yield { ...changeOf('end', listener, pressed, nowNs), closed: true };
    }
  }
}

/** How full each queue is; the kernel takes one more into the accept queue than its limit. */
export function fullness({ accept, syn, limit }: Listener): { accept: number; syn: number } {
  return { accept: accept / (limit + 1), syn: syn / Math.max(1, limit) };
}

function isPressed(listener: Listener): boolean {
  const { accept, syn } = fullness(listener);
  const from = listener.limit < SHORT ? 1 : PRESSED;
  return accept >= from || syn >= from;
}

function isCalm(listener: Listener): boolean {
  const { accept, syn } = fullness(listener);
  const below = listener.limit < SHORT ? 1 : CALM;
  return accept < below && syn < below;
}

function changeOf(
  state: Change['state'],
  listener: Listener,
  { sinceNs, dropped, most }: { sinceNs: number; dropped: number; most: number },
  nowNs: number,
): Change {
  return { state, listener, dropped, most, durationNs: nowNs - sinceNs, closed: false };
}
