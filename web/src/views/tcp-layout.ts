import type { StateName } from '../../../src/model/tcp-transitions.ts';

/** Where the states stand: as in figure 5 of RFC 9293, from the first SYN at the top to the last ACK at the bottom. */
export const DRAWING = { width: 1000, height: 690 } as const;
export const BOX = { width: 138, height: 44 } as const;

/** Middle of each box. */
export const PLACES: Readonly<Record<StateName, readonly [x: number, y: number]>> = {
  CLOSED: [500, 40],
  LISTEN: [500, 148],
  'SYN-RECEIVED': [210, 256],
  'SYN-SENT': [790, 256],
  ESTABLISHED: [500, 364],
  'FIN-WAIT-1': [210, 450],
  'CLOSE-WAIT': [790, 450],
  'FIN-WAIT-2': [100, 558],
  CLOSING: [380, 558],
  'LAST-ACK': [790, 558],
  'TIME-WAIT': [380, 650],
};

/** Where CLOSED stands a second time, as what ends there. */
export const END: readonly [x: number, y: number] = [790, 650];

type Side = 'top' | 'bottom' | 'left' | 'right';

/** From which side to which one, how far from its middle, and where the words are. */
export interface Line {
  readonly from: readonly [side: Side, offset: number];
  readonly to: readonly [side: Side, offset: number];
  /** Middle of the words, and which way they run. */
  readonly at: readonly [x: number, y: number];
  readonly anchor: 'start' | 'middle' | 'end';
  readonly toEnd?: true;
}

/** By `FROM>TO`. */
export const LINES: Readonly<Record<string, Line>> = {
  'CLOSED>LISTEN': { from: ['bottom', -22], to: ['top', -22], at: [470, 98], anchor: 'end' },
  'LISTEN>CLOSED': { from: ['top', 22], to: ['bottom', 22], at: [530, 98], anchor: 'start' },
  'CLOSED>SYN-SENT': { from: ['right', -8], to: ['top', 30], at: [806, 84], anchor: 'start' },
  'SYN-SENT>CLOSED': { from: ['top', -10], to: ['right', 10], at: [660, 132], anchor: 'start' },
  'LISTEN>SYN-RECEIVED': { from: ['left', -8], to: ['top', -10], at: [203, 146], anchor: 'end' },
  'SYN-RECEIVED>LISTEN': { from: ['top', 30], to: ['left', 10], at: [330, 200], anchor: 'start' },
  'LISTEN>SYN-SENT': { from: ['right', 10], to: ['left', -12], at: [620, 204], anchor: 'end' },
  'SYN-SENT>SYN-RECEIVED': {
    from: ['left', 6],
    to: ['right', 6],
    at: [500, 224],
    anchor: 'middle',
  },
  'SYN-SENT>ESTABLISHED': {
    from: ['bottom', 0],
    to: ['right', -8],
    at: [800, 310],
    anchor: 'start',
  },
  'SYN-RECEIVED>ESTABLISHED': {
    from: ['bottom', 40],
    to: ['left', -8],
    at: [306, 314],
    anchor: 'start',
  },
  'SYN-RECEIVED>FIN-WAIT-1': {
    from: ['bottom', -30],
    to: ['top', -30],
    at: [172, 352],
    anchor: 'end',
  },
  'ESTABLISHED>FIN-WAIT-1': {
    from: ['left', 10],
    to: ['top', 30],
    at: [300, 404],
    anchor: 'start',
  },
  'ESTABLISHED>CLOSE-WAIT': { from: ['right', 10], to: ['top', 0], at: [690, 404], anchor: 'end' },
  'FIN-WAIT-1>FIN-WAIT-2': { from: ['bottom', -36], to: ['top', 0], at: [92, 500], anchor: 'end' },
  'FIN-WAIT-1>CLOSING': { from: ['bottom', 36], to: ['top', 0], at: [392, 500], anchor: 'start' },
  'FIN-WAIT-2>TIME-WAIT': {
    from: ['bottom', 0],
    to: ['left', 0],
    at: [215, 606],
    anchor: 'middle',
  },
  'CLOSING>TIME-WAIT': { from: ['bottom', 0], to: ['top', 0], at: [390, 608], anchor: 'start' },
  'CLOSE-WAIT>LAST-ACK': { from: ['bottom', 0], to: ['top', 0], at: [800, 492], anchor: 'start' },
  'LAST-ACK>CLOSED': {
    from: ['bottom', 0],
    to: ['top', 0],
    at: [800, 608],
    anchor: 'start',
    toEnd: true,
  },
  'TIME-WAIT>CLOSED': {
    from: ['right', 0],
    to: ['left', 0],
    at: [585, 642],
    anchor: 'middle',
    toEnd: true,
  },
};

/** The curve of a line: leaves and arrives at right angles to the boxes. */
export function curveOf({ from, to, toEnd }: Line, start: StateName, end: StateName): string {
  const [x1, y1, dx1, dy1] = pointOf(PLACES[start], from);
  const [x2, y2, dx2, dy2] = pointOf(toEnd ? END : PLACES[end], to);
  const reach = Math.max(20, Math.min(130, Math.hypot(x2 - x1, y2 - y1) * 0.4));
  return `M${x1} ${y1}C${x1 + dx1 * reach} ${y1 + dy1 * reach} ${x2 + dx2 * reach} ${y2 + dy2 * reach} ${x2} ${y2}`;
}

function pointOf(
  [x, y]: readonly [number, number],
  [side, offset]: readonly [Side, number],
): readonly [x: number, y: number, dx: number, dy: number] {
  switch (side) {
    case 'top':
      return [x + offset, y - BOX.height / 2, 0, -1];
    case 'bottom':
      return [x + offset, y + BOX.height / 2, 0, 1];
    case 'left':
      return [x - BOX.width / 2, y + offset, -1, 0];
    default:
      return [x + BOX.width / 2, y + offset, 1, 0];
  }
}
