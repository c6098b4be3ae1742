/* SIGHUP: new workers take over, no request fails, the address and the database stay. */
import { expect, test } from 'vitest';
import { Server, sleep, until } from '../api/lib/server.ts';
import { postmaster, workersOf } from './lib/command.ts';

test('a restart under requests drops none of them', async () => {
  const server = await Server.start();
  const supervisor = server.pid;
  const pg = postmaster(server.dataDir);
  const old = workersOf(supervisor);
  const failures: string[] = [];
  let answered = 0;
  let going = true;

  const client = async (): Promise<void> => {
    while (going) {
      try {
        const answer = await fetch(`${server.url}/readyz`);
        const text = await answer.text();
        if (answer.status === 200) answered++;
        else failures.push(`${answer.status} ${text}`);
      } catch (error) {
        failures.push(error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error));
      }
      await sleep(50); // this page has a limit of its own for each address: 6,000 a minute
    }
  };
  const clients = Array.from({ length: 8 }, client);
  for (let round = 0; round < 2; round++) {
    const before = workersOf(supervisor);
    await sleep(300);
    server.signal('SIGHUP');
    await until('new workers', () => {
      const now = workersOf(supervisor);
      return now.length === 2 && now.every((pid) => !before.includes(pid));
    }, 40_000);
    await sleep(300);
  }
  going = false;
  await Promise.all(clients);

  expect(failures.slice(0, 5)).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  expect(workersOf(supervisor).some((pid) => old.includes(pid))).toBe(false);
  expect(postmaster(server.dataDir)).toBe(pg);
  expect(server.log()).toContain('restarting without dropping requests');
  await server.stop();
});
