/* The demonstration's organization in a data folder of a test: pages full of believable things. */
import { rmSync } from 'node:fs';
import { logIn } from '../../api/lib/people.ts';
import type { Client } from '../../api/lib/client.ts';
import { isObject, ok } from '../../api/lib/client.ts';
import { makeDataDir } from '../../api/lib/server.ts';
import { command } from '../../process/lib/command.ts';

/** A data folder with the demonstration in it; removed by removeDemo. */
export async function makeDemo(): Promise<string> {
  const dir = makeDataDir();
  const outcome = await command(['demo', '--data', dir], { timeoutMs: 110_000 });
  if (outcome.code !== 0) throw new Error(`interflow demo ended with ${outcome.code}: ${outcome.err}`);
  return dir;
}

export function removeDemo(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}

export interface DemoPerson {
  client: Client;
  organizationId: string;
  /** /api/{id}{path} */
  path(path: string): string;
}

export async function demoPerson(url: string, who: 'marina' | 'bruno' = 'marina'): Promise<DemoPerson> {
  const client = await logIn(url, `${who}@quintal.example`, 'quintal-da-lola');
  const list = ok(await client.get('/api/me')).get('organizations');
  const first = Array.isArray(list) ? list.find(isObject) : undefined;
  const organizationId = String(first?.['id']);
  return { client, organizationId, path: (path) => `/api/${organizationId}${path}` };
}
