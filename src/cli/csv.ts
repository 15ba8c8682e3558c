/** Records as CSV (RFC 4180), a column for each name; objects and lists as JSON. */
export function csv(
  names: readonly string[],
  records: readonly object[],
  withHeader: boolean,
): string {
  const rows = records.map((record) => {
    const fields: Readonly<Record<string, unknown>> = { ...record };
    return names.map((name) => cell(fields[name])).join(',');
  });
  return [...(withHeader ? [names.join(',')] : []), ...rows].map((row) => `${row}\r\n`).join('');
}

function cell(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? plain(value) : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What others chose, as a process's or a server's name, must not be a formula where a spreadsheet opens it. */
function plain(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
