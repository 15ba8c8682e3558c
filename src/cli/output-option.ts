import { Option } from 'commander';
import { Exit, OperatorError } from '../model/errors.ts';
import { type EventMask, LAST_EVENTS } from '../model/events.ts';
import { type Format, FORMATS } from '../sinks/sink.ts';

/** `-o` of every command that tells events. */
export function outputOption(): Option {
  const standard: Format = 'text';
  return new Option('-o, --output <format>', 'form of the records')
    .choices(FORMATS)
    .default(standard);
}

/** Has the form one line for each connection that is over, and nothing else? */
export function hasEndsAlone(format: Format): boolean {
  return format === 'zeek' || format === 'zeek-json';
}

/** Refuses a form that could tell none of the events that were asked for. @param asked as the operator did */
export function checkForm(format: Format, events: EventMask, asked: string): void {
  if (!hasEndsAlone(format) || (events & LAST_EVENTS) !== 0) return;
  throw new OperatorError(
    `-o ${format} has one line for each connection that is over, and ${asked} asks for none`,
    'ask for connections, or use another form',
    { exitCode: Exit.usage },
  );
}
