/* kill -9 while flows run: every session ends exactly as without it, nothing is said twice, no step is lost, the peers of calls can tell
   what is one and the same. FLOW_SESSIONS says how many run at once (default 300). */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk } from '../api/lib/inbox.ts';
import { Server, makeDataDir } from '../api/lib/server.ts';
import { Bench } from './lib/bench.ts';
import { type Blow, Chaos } from './lib/chaos.ts';
import { Crowd } from './lib/crowd.ts';

const dir = makeDataDir();
const sessions = Number(process.env['FLOW_SESSIONS'] ?? '300');
/** What kills; those that need a recovery are dear and come once in a round. Two rounds, when there are many sessions until they have ended. */
const blows: readonly Blow[] = ['worker', 'workers', 'terminate', 'worker', 'backend', 'workers', 'worker', 'everything', 'worker', 'database', 'workers', 'worker'];
let server: Server;

beforeAll(async () => {
  server = await Server.start({ dataDir: dir, env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.1/32' } });
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
  rmSync(server.logFile, { force: true });
});

async function together(count: number, kills: readonly Blow[]): Promise<Chaos> {
  const bench = new Bench(await Desk.make(server));
  const crowd = await Crowd.make(bench, count);
  const chaos = new Chaos(server, kills);
  let over = false;
  try {
    const talk = crowd.talk(300_000 + count * 1000).finally(() => (over = true));
    await Promise.all([talk, chaos.rage(() => chaos.done.length < (count < 1000 ? 2 : 1000) * kills.length && !over)]);
    await crowd.judge();
  } finally {
    await crowd.peer.stop();
  }
  return chaos;
}

test('without it, to know what is right', { timeout: 240_000 }, async () => {
  await together(12, []);
});

test(`${sessions} sessions, and kill -9 of workers, PostgreSQL and everything`, { timeout: 600_000 + sessions * 1500 }, async () => {
  const chaos = await together(sessions, blows);
  console.log(`killed ${chaos.done.length} times`);
  expect(new Set(chaos.done).size).toBeGreaterThanOrEqual(sessions < 300 ? 1 : 5);
});
