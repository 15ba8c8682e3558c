/** Which peers can be measured on this machine. */
import { run } from './proc.ts';

/** The packages to install for commands that are not here. */
export async function missingPackages(needs: Readonly<Record<string, string>>): Promise<string[]> {
  const missing: string[] = [];
  for (const [command, name] of Object.entries(needs)) {
    if ((await run(['sh', '-c', 'command -v "$1"', 'sh', command])).code !== 0) missing.push(name);
  }
  return missing;
}
