/* What the files that go over all routes share: a server, the document, an organization with everything. */
import { afterAll, beforeAll, expect } from 'vitest';
import { Document, type Operation } from './document.ts';
import { Server, type ServerOptions } from './server.ts';
import { World } from './world.ts';

export interface Suite {
  server: Server;
  document: Document;
  world: World;
}

/** Fills in before the tests run; afterwards the log must not tell of a failure of ours. */
export function suite(options: ServerOptions = {}): Suite {
  const all = {} as Suite;
  beforeAll(async () => {
    all.server = await Server.start(options);
    all.document = await Document.load(all.server.url);
    all.world = await World.make(all.server.url, all.document);
  });
  afterAll(async () => {
    const failures = all.server ? all.server.logLines().filter((line) => Number(line['status']) >= 500) : [];
    await all.server?.stop();
    expect(failures).toEqual([]);
  });
  return all;
}

/** Runs the check for each operation and reports all that fail, not only the first. */
export async function each(operations: readonly Operation[], check: (operation: Operation) => Promise<string[] | string | undefined>): Promise<void> {
  expect(operations.length).toBeGreaterThan(0);
  const faults: string[] = [];
  for (const operation of operations) {
    let found: string[] | string | undefined;
    try {
      found = await check(operation);
    } catch (error) {
      found = error instanceof Error ? error.message : String(error);
    }
    for (const fault of typeof found === 'string' ? [found] : (found ?? [])) faults.push(`${operation.id}: ${fault}`);
  }
  expect(faults.length === 0 ? [] : [`${faults.length} in all`, ...faults.slice(0, 25)]).toEqual([]);
}

/** Refused after the checks of who may, before anything happens: no row has this argument. */
export const probe = { __probe: '1' };
