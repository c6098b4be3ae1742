/* Backup and restore of database, files and key; what is damaged or in the way is refused before anything changes. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDataDir, Server, sleep, until } from '../api/lib/server.ts';
import { command, sql } from './lib/command.ts';
import { spawn } from 'node:child_process';

const work = makeDataDir();
const source = makeDataDir();
const archive = join(work, 'backup.tar');
const content = Buffer.from('conteúdo de um arquivo\n'.repeat(1000));
const sha256 = createHash('sha256').update(content).digest('hex');
const place = (dir: string): string => join(dir, 'files', sha256.slice(0, 2), sha256.slice(2, 4), sha256);

beforeAll(async () => {
  const server = await Server.start({ dataDir: source });
  mkdirSync(join(place(source), '..'), { recursive: true });
  writeFileSync(place(source), content);
  const owner = statSync(join(source, 'files'));
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, join(source, 'files')]);
  sql(source, "create table kept (n int, t text); insert into kept select i, repeat('ação', i) from generate_series(1, 500) i");
  sql(source, "insert into jobs (org_id, kind, due_at) select gen_random_uuid(), 'kept.job', now() + n * interval '1 day' from unnest(array[0, 1]) n");
  sql(
    source,
    "set session_replication_role = replica; insert into story_links (org_id, message_id, url, until) select gen_random_uuid(), gen_random_uuid(), 'https://x/y', now() + interval '1 day'",
  );
  const outcome = await command(['backup', archive, '--data', source]); // while it runs
  expect(outcome.code, outcome.err).toBe(0);
  expect(await server.halt()).toBe(0);
  rmSync(server.logFile, { force: true });
});
afterAll(() => {
  for (const dir of [work, source]) rmSync(dir, { recursive: true, force: true });
});

async function restored(dir: string): Promise<void> {
  const server = await Server.start({ dataDir: dir });
  expect(sql(dir, "select count(*) || ' ' || sum(length(t)) from kept")).toBe(`500 ${(4 * 500 * 501) / 2}`);
  // What a platform lets nobody keep is in no backup.
  expect(sql(dir, 'select count(*) from story_links')).toBe('0');
  expect(sql(dir, "select count(*) from pg_roles where rolname = 'interflow_app'")).toBe('1');
  expect(readFileSync(place(dir)).equals(content)).toBe(true);
  // What may have been done since the backup waits for a person; what was for later still is.
  expect(sql(dir, "select string_agg(state, ' ' order by due_at) from jobs where kind = 'kept.job'")).toBe('parked waiting');
  // Positions of before the restore are too old: browsers load afresh.
  expect(sql(dir, "select xid > '0'::xid8 from event_horizon")).toBe('t');
  expect(sql(dir, "select event_position_known(xid) from event_horizon")).toBe('f');
  expect(sql(dir, "select event_position_known(split_part(event_position(), '-', 1)::xid8)")).toBe('t');
  expect(readFileSync(join(dir, 'seal.key')).equals(readFileSync(join(source, 'seal.key')))).toBe(true);
  expect(statSync(join(dir, 'seal.key')).mode & 0o777).toBe(0o600);
  await server.halt();
  rmSync(server.logFile, { force: true });
}

test('the archive is for its owner alone, and a plain tar', () => {
  expect(statSync(archive).mode & 0o777).toBe(0o600);
  expect(existsSync(`${archive}.part`)).toBe(false);
  const names = execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).trim().split('\n');
  expect(names[0]).toBe('interflow.json');
  expect(names.at(-1)).toBe('end');
  expect(names).toContain(`files/${sha256}`);
});

test('into an empty folder, and not over a full one', async () => {
  const target = makeDataDir();
  const first = await command(['restore', archive, '--data', target]);
  expect(first.code, first.err).toBe(0);
  await restored(target);
  const second = await command(['restore', archive, '--data', target]);
  expect(second.code).toBe(1);
  expect(second.complaints).toEqual([expect.stringMatching(/target is not empty.*--force/)]);
  const forced = await command(['restore', '--force', archive, '--data', target]);
  expect(forced.code, forced.err).toBe(0);
  await restored(target);
  const doctor = await command(['doctor', '--data', target]);
  expect(doctor.out).toMatch(/no problems/);
  expect(doctor.code).toBe(0);
  rmSync(target, { recursive: true, force: true });
});

test('a damaged archive changes nothing', async () => {
  const target = makeDataDir();
  const broken = join(work, 'broken.tar');
  const size = statSync(archive).size;

  copyFileSync(archive, broken);
  truncateSync(broken, Math.floor(size / 2));
  expect((await command(['restore', broken, '--data', target])).complaints[0]).toMatch(/damaged/);

  const bytes = readFileSync(archive);
  const at = bytes.indexOf(content.subarray(0, 100));
  bytes[at + 50] = (bytes[at + 50] ?? 0) ^ 1;
  writeFileSync(broken, bytes);
  expect((await command(['restore', broken, '--data', target])).complaints[0]).toMatch(/another checksum/);

  writeFileSync(broken, 'not a backup at all\n'.repeat(100));
  expect((await command(['restore', broken, '--data', target])).complaints[0]).toMatch(/damaged or not a backup/);

  // Nothing of all this arrived: the good one is taken without --force.
  const good = await command(['restore', archive, '--data', target]);
  expect(good.code, good.err).toBe(0);
  rmSync(target, { recursive: true, force: true });
});

test('not while the server runs', async () => {
  const server = await Server.start();
  const outcome = await command(['restore', '--force', archive, '--data', server.dataDir]);
  expect(outcome.code).toBe(1);
  expect(outcome.complaints[0]).toMatch(/the server runs/);
  await server.stop();
});

test('what becomes garbage during a backup is in it, and is swept afterwards', async () => {
  const server = await Server.start();
  const dir = server.dataDir;
  const file = place(dir);
  const owner = statSync(join(dir, 'files'));
  const added = await command(['user', 'add', 'ana@example.com', '--organization', 'Loja', '--role', 'owner', '--data', dir]);
  expect(added.code, added.err).toBe(0);
  const org = sql(dir, 'select id from organizations');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  const old = (Date.now() - 3 * 86_400_000) / 1000;
  utimesSync(file, old, old);
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, join(dir, 'files')]);
  sql(dir, `insert into files (org_id, id, name, type, kind, size_bytes, sha256, source) values ('${org}', uuid_v7(), 'x.txt', 'text/plain', 'document', ${content.length}, '${sha256}', 'agent')`);
  const sweep = (): string => sql(dir, "update jobs set due_at = now(), lease_until = null where kind = 'files.clean'");
  const swept = (): boolean => sql(dir, "select due_at > now() + interval '1 minute' from jobs where kind = 'files.clean'") === 't';

  // The dump waits for a table that somebody holds; by then the backup holds off the sweeper.
  const holder = spawn('psql', ['-X', '-q', `host=${dir}/run user=interflow dbname=interflow`], { stdio: ['pipe', 'ignore', 'ignore'] });
  holder.stdin.write('begin; lock table closure_types in access exclusive mode;\n');
  await until('the lock', () => sql(dir, "select count(*) from pg_locks where relation = 'closure_types'::regclass and granted and mode = 'AccessExclusiveLock'") === '1');
  const target = join(work, 'garbage.tar');
  const backup = command(['backup', target, '--data', dir]);
  await until('the dump to wait', () => Number(sql(dir, "select count(*) from pg_locks where relation = 'closure_types'::regclass and not granted")) > 0, 20_000);
  sql(dir, `delete from files where org_id = '${org}'`);
  sweep();
  await until('the sweeper to have been put off', swept);
  await sleep(200);
  expect(existsSync(file)).toBe(true);
  holder.stdin.end('rollback;\n');
  const outcome = await backup;
  expect(outcome.code, outcome.err).toBe(0);
  expect(execFileSync('tar', ['tf', target], { encoding: 'utf8' })).toContain(`files/${sha256}`);

  sweep();
  await until('the content to be swept', () => !existsSync(file));
  await server.stop();
});

test('doctor sees what is wrong', async () => {
  const target = makeDataDir();
  const good = await command(['restore', archive, '--data', target]);
  expect(good.code, good.err).toBe(0);
  execFileSync('chmod', ['644', join(target, 'seal.key')]);
  const open = await command(['doctor', '--data', target]);
  expect(open.code).toBe(1);
  expect(open.err + open.out).toMatch(/others may read .*seal\.key: chmod 600/);
  rmSync(target, { recursive: true, force: true });
});
