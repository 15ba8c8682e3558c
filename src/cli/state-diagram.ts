import type { States } from '../model/states.ts';
import type { StateName } from '../model/tcp-transitions.ts';

/**
 * RFC 9293, figure 5, in 80 columns. `@A` begins the place of a state's count, `@a` that of a
 * transition's, `#a` the same within its line.
 */
const FIGURE = `
                            +-------------+
                            |   CLOSED    |------ active OPEN -------------+
                            |@A~~~~~~~~~~~|       snd SYN      @a~~~~~     |
                            +-------------+<----- CLOSE        #b~~~~~--+  |
               passive OPEN   |         ^   CLOSE                       |  |
                    @c~~~~~   v         |   @d~~~~~                     |  |
                            +-------------+                             |  |
     +------ rcv RST ------>|   LISTEN    |                             |  |
     |       @e~~~~~        |@B~~~~~~~~~~~|                             |  |
     |                      +-------------+                             |  |
     |    rcv SYN             |         |   SEND                        |  v
 +-------------+  @f~~~~~     |         |   snd SYN  @g~~~~~   +-------------+
 |SYN-RECEIVED |<-------------+         +--------------------->|  SYN-SENT   |
 |@C~~~~~~~~~~~| snd SYN,ACK                                   |@D~~~~~~~~~~~|
 |             |<--------- rcv SYN, snd SYN,ACK #h~~~~~--------|             |
 +-------------+                                               +-------------+
   |         |  rcv ACK of SYN               rcv SYN,ACK               |
   |         +--------------+         +----- snd ACK #j~~~~~-----------+
   |           @i~~~~~      v         v
   |                        +-------------+
   | CLOSE                  | ESTABLISHED |
   | snd FIN                |@E~~~~~~~~~~~|
   | @k~~~~~                +-------------+
   |              CLOSE       |         |    rcv FIN
   v     snd FIN  @l~~~~~     |         |    snd ACK  @m~~~~~
 +-------------+              |         |                      +-------------+
 | FIN-WAIT-1  |<-------------+         +--------------------->| CLOSE-WAIT  |
 |@F~~~~~~~~~~~|                                               |@G~~~~~~~~~~~|
 |             |-- rcv FIN, snd ACK #n~~~~~--+                 |             |
 +-------------+                             |                 +-------------+
   | rcv ACK of FIN                          |                   | CLOSE
   | @o~~~~~                                 |                   | snd FIN
   v                                         v                   v @p~~~~~
 +-------------+                      +-------------+          +-------------+
 | FIN-WAIT-2  |                      |   CLOSING   |          |  LAST-ACK   |
 |@H~~~~~~~~~~~|                      |@I~~~~~~~~~~~|          |@J~~~~~~~~~~~|
 +-------------+                      +-------------+          +-------------+
   | rcv FIN                            | rcv ACK of FIN         |
   | snd ACK  @q~~~~~                   v @r~~~~~                | rcv ACK
   |                                  +-------------+            | of FIN
   +--------------------------------->|  TIME-WAIT  |            | @s~~~~~
                                      |@K~~~~~~~~~~~|            v
                                      +-------------+          +-------------+
                                        | 2 MSL are over       |   CLOSED    |
                                        +- #t~~~~~------------>|             |
                                                               +-------------+
`;

/** What is counted at each capital letter. */
const STATES: Readonly<Record<string, StateName>> = {
  A: 'CLOSED',
  B: 'LISTEN',
  C: 'SYN-RECEIVED',
  D: 'SYN-SENT',
  E: 'ESTABLISHED',
  F: 'FIN-WAIT-1',
  G: 'CLOSE-WAIT',
  H: 'FIN-WAIT-2',
  I: 'CLOSING',
  J: 'LAST-ACK',
  K: 'TIME-WAIT',
};

/** What is counted at each small letter. */
const TRANSITIONS: Readonly<Record<string, readonly [StateName, StateName]>> = {
  a: ['CLOSED', 'SYN-SENT'],
  b: ['SYN-SENT', 'CLOSED'],
  c: ['CLOSED', 'LISTEN'],
  d: ['LISTEN', 'CLOSED'],
  e: ['SYN-RECEIVED', 'LISTEN'],
  f: ['LISTEN', 'SYN-RECEIVED'],
  g: ['LISTEN', 'SYN-SENT'],
  h: ['SYN-SENT', 'SYN-RECEIVED'],
  i: ['SYN-RECEIVED', 'ESTABLISHED'],
  j: ['SYN-SENT', 'ESTABLISHED'],
  k: ['SYN-RECEIVED', 'FIN-WAIT-1'],
  l: ['ESTABLISHED', 'FIN-WAIT-1'],
  m: ['ESTABLISHED', 'CLOSE-WAIT'],
  n: ['FIN-WAIT-1', 'CLOSING'],
  o: ['FIN-WAIT-1', 'FIN-WAIT-2'],
  p: ['CLOSE-WAIT', 'LAST-ACK'],
  q: ['FIN-WAIT-2', 'TIME-WAIT'],
  r: ['CLOSING', 'TIME-WAIT'],
  s: ['LAST-ACK', 'CLOSED'],
  t: ['TIME-WAIT', 'CLOSED'],
};

/** The state diagram with its counts; a transition that nobody counts has none. */
export function stateDiagram({ states, transitions }: States): string {
  const inState = new Map(states.map(({ state, count }) => [state, count]));
  const countOf = (from: StateName, to: StateName) =>
    transitions.find((t) => t.from === from && t.to === to)?.count;
  return FIGURE.slice(1)
    .replace(/[@#]([A-Za-z])~*/g, (place, letter: string) => {
      const state = STATES[letter];
      if (state !== undefined) return centered(short(inState.get(state) ?? 0), place.length);
      const count = countOf(...TRANSITIONS[letter]!);
      if (place.startsWith('@'))
        return (count === undefined ? '' : short(count)).padEnd(place.length);
      return (count === undefined ? '' : `${short(count)} `).padEnd(place.length, '-');
    })
    .replace(/ +$/gm, '');
}

function centered(text: string, width: number): string {
  return text.padStart((width + text.length) >> 1).padEnd(width);
}

/** Seven characters at most. */
function short(count: number): string {
  if (count < 1e7) return String(count);
  if (count < 1e9) return `${(count / 1e6).toFixed(1)}M`;
  return count < 1e13 ? `${(count / 1e9).toFixed(1)}G` : count.toExponential(1);
}
