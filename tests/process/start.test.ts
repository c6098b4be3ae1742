/* Starting and ending: what is wrong is said in one clear line with a non-zero exit; what was started is gone afterwards. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { freePort, makeDataDir, Server, until } from '../api/lib/server.ts';
import { alive, command, type Outcome, postmaster, sql, workersOf } from './lib/command.ts';

const folders: string[] = [];
function folder(): string {
  const dir = makeDataDir();
  folders.push(dir);
  return dir;
}
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** One line, with these words, and a failing exit. */
function oneLine(outcome: Outcome, words: RegExp): void {
  expect(outcome.code, outcome.err).not.toBe(0);
  expect(outcome.complaints, outcome.err).toHaveLength(1);
  expect(outcome.complaints[0]).toMatch(/^interflow: /);
  expect(outcome.complaints[0]).toMatch(words);
}

async function serve(dir: string, env: Record<string, string> = {}, uid?: number): Promise<Outcome> {
  const port = await freePort();
  return command(['serve', '--listen', `127.0.0.1:${port}`, '--data', dir], { env, ...(uid === undefined ? {} : { uid }) });
}

test('a busy port', async () => {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const outcome = await command(['serve', '--listen', `127.0.0.1:${port}`, '--data', folder()]);
  other.close();
  oneLine(outcome, new RegExp(`127\\.0\\.0\\.1:${port}.*in use`));
});

test('a database that is not there', async () => {
  oneLine(await serve(folder(), { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' }), /cannot connect to the database/);
});

test('an address that is none, without repeating its password', async () => {
  const outcome = await serve(folder(), { DATABASE_URL: 'mysql://me:geheim@host/db' });
  oneLine(outcome, /DATABASE_URL/);
  expect(outcome.err).not.toContain('geheim');
});

test('a folder that cannot be made', async () => {
  oneLine(await serve('/dev/null/data'), /\/dev\/null\/data/);
});

test.runIf(process.getuid?.() === 0)('a folder that cannot be written', async () => {
  const dir = folder();
  chmodSync(dir, 0o555);
  oneLine(await serve(dir, {}, 65534), /cannot write to the data folder/);
});

test.runIf(process.getuid?.() === 0)('a folder that the system user cannot reach', async () => {
  const dir = join(folder(), 'closed');
  mkdirSync(dir, { mode: 0o700 });
  oneLine(await serve(join(dir, 'data')), /closed.*closed to it|cannot reach the data folder/);
});

test('no PostgreSQL', async () => {
  oneLine(await serve(folder(), { INTERFLOW_POSTGRES: '/nowhere' }), /INTERFLOW_POSTGRES: there is no initdb/);
});

test('a cluster of a version that is not installed', async () => {
  const dir = folder();
  mkdirSync(join(dir, 'pg'));
  writeFileSync(join(dir, 'pg/PG_VERSION'), '99\n');
  oneLine(await serve(dir), /PostgreSQL 99.*apt-get install postgresql-99/);
});

test('wrong calls', async () => {
  expect((await command(['fly'])).code).toBe(2);
  expect((await command(['serve', '--fast'])).code).toBe(2);
  expect((await command(['serve', '--listen', 'nonsense'])).complaints[0]).toMatch(/--listen: 'nonsense' is not HOST:PORT/);
  expect((await command(['backup'])).complaints[0]).toMatch(/too few arguments/);
  const help = await command(['serve', '--help']);
  expect(help.code).toBe(0);
  for (const name of ['--listen', 'DATABASE_URL', 'INTERFLOW_UPLOAD_MAX']) expect(help.out).toContain(name);
});

test('what the command line does to people stands in the log as its own', async () => {
  const server = await Server.start();
  const dir = server.dataDir;
  const add = (...more: string[]): Promise<Outcome> => command(['user', 'add', ...more, '--organization', 'Loja', '--data', dir]);
  expect((await add('ana@example.com', '--name', 'Ana', '--role', 'owner')).code).toBe(0);
  expect((await add('rui@example.com', '--name', 'Rui')).code).toBe(0);
  expect((await command(['user', 'passwd', 'rui@example.com', '--data', dir])).code).toBe(0);
  const log = sql(dir, "select string_agg(concat_ws(' ', actor_kind, actor_name, action, label), '; ' order by id) from audit_log");
  expect(log).toBe('system interflow organization.create Loja; system interflow user.add Rui; system interflow user.password Rui');
  await server.stop();
});

test('two programs in one folder, a newer database, and a clean end', async () => {
  const dir = folder();
  const server = await Server.start({ dataDir: dir });
  expect(statSync(join(dir, 'seal.key')).mode & 0o777).toBe(0o600);
  const pg = postmaster(dir);
  const workers = workersOf(server.pid);
  expect(workers).toHaveLength(2);
  expect(alive(pg)).toBe(true);
  oneLine(await serve(dir), new RegExp(`in use by another interflow, process ${server.pid}`));

  sql(dir, "insert into schema_versions (version, name, checksum, took_ms) values (9999, '9999_future', 'x', 0)");
  expect(await server.halt()).toBe(0);
  for (const pid of [pg, ...workers]) expect(alive(pid), `process ${pid} is still there`).toBe(false);
  expect(existsSync(join(dir, 'pg/postmaster.pid'))).toBe(false);
  oneLine(await serve(dir), /newer version/);
  expect(existsSync(join(dir, 'pg/postmaster.pid'))).toBe(false); // PostgreSQL was ended here too
  rmSync(server.logFile, { force: true });
});

test('Ctrl+C, and the port that is free again', async () => {
  const dir = folder();
  const server = await Server.start({ dataDir: dir });
  for (const worker of workersOf(server.pid)) process.kill(worker, 'SIGINT'); // the terminal tells the whole group
  server.signal('SIGINT');
  expect(await server.halt()).toBe(0); // sends a second signal at once, which is no impatience
  expect(server.log()).not.toContain('by force');
  const again = await Server.start({ dataDir: dir, port: server.port });
  await again.stop();
  rmSync(server.logFile, { force: true });
});

/** Something else on the port, for so long; as soon as it is free: the kernel lets go of a killed program's a moment after it is no
    longer listed. */
async function occupy(port: number, ms: number): Promise<void> {
  const other = await until('the port to be free', () => {
    const server = createServer((socket) => socket.destroy());
    return new Promise<ReturnType<typeof createServer> | undefined>((done) => server.once('error', () => done(undefined)).listen(port, '127.0.0.1', () => done(server)));
  });
  setTimeout(() => other.close(), ms).unref();
  other.unref();
}

test('after kill -9 the port is waited for; after a clean end it is not', async () => {
  const dir = folder();
  const server = await Server.start({ dataDir: dir });
  const workers = workersOf(server.pid);
  await server.kill();
  await until('the workers to end with their supervisor', () => workers.every((pid) => !alive(pid)), 30_000);
  await occupy(server.port, 1_000); // as a worker that is slow to end
  const began = Date.now();
  await server.start();
  expect(Date.now() - began).toBeGreaterThan(900);
  const waits = 'the port is held by what was killed: waiting';
  expect(server.log()).toContain(waits);

  const later = workersOf(server.pid); // read now: who has lost its parent is no longer listed under it
  await server.kill();
  await until('the workers to end with their supervisor', () => later.every((pid) => !alive(pid)), 30_000);
  await occupy(server.port, 60_000); // somebody else's: said after three seconds
  const held = await command(['serve', '--listen', `127.0.0.1:${server.port}`, '--data', dir]);
  oneLine(held, /in use/);
  expect(held.err).toContain(waits);

  const clean = await Server.start({ dataDir: dir }); // another port: of the process that was killed nothing is left but the note
  expect(await clean.halt()).toBe(0);
  await occupy(clean.port, 60_000);
  const refused = await command(['serve', '--listen', `127.0.0.1:${clean.port}`, '--data', dir]);
  oneLine(refused, /in use/);
  expect(refused.err).not.toContain(waits);
  rmSync(server.logFile, { force: true });
});

test.runIf(process.getuid?.() === 0)('nothing that serves runs as root', async () => {
  const server = await Server.start();
  for (const pid of [postmaster(server.dataDir), ...workersOf(server.pid)]) {
    const uid = /^Uid:\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    expect(uid?.[1]).not.toBe('0');
    expect(uid?.[2]).not.toBe('0');
  }
  await server.stop();
});

test('health, metrics and the embedded interface', async () => {
  const server = await Server.start();
  expect(await (await fetch(`${server.url}/healthz`)).json()).toMatchObject({ status: 'ok' });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/interflow_worker_starts_total\{worker="2"\} 1/);
  const far = await fetch(`${server.url}/metrics`, { headers: { 'X-Forwarded-For': '203.0.113.7' } });
  expect(far.status).toBe(403);

  const page = await fetch(`${server.url}/`, { headers: { Accept: 'text/html' } });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain('unsafe-inline');
  expect(page.headers.get('cache-control')).toMatch(/no-cache|no-store/);
  const html = await page.text();

  const deep = await fetch(`${server.url}/inbox/some-chat`, { headers: { Accept: 'text/html' } });
  expect(deep.status).toBe(html.includes('/assets/') ? 200 : 404);
  expect((await fetch(`${server.url}/inbox/some-chat`, { headers: { Accept: 'application/json' } })).status).toBe(404);
  const missing = await fetch(`${server.url}/assets/none.js`, { headers: { Accept: 'text/html' } });
  expect(missing.status).toBe(404);
  expect((await fetch(`${server.url}/api/nothing/at/all`, { headers: { Accept: 'text/html' } })).status).toBe(404);

  const asset = /\/(assets\/[\w.-]+\.js)/.exec(html)?.[1];
  if (asset) {
    const plain = await fetch(`${server.url}/${asset}`, { headers: { 'Accept-Encoding': 'identity' } });
    const packed = await fetch(`${server.url}/${asset}`, { headers: { 'Accept-Encoding': 'gzip;q=0, br' } });
    expect(plain.headers.get('cache-control')).toContain('immutable');
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(packed.headers.get('content-encoding')).toBe('br');
    expect(await packed.text()).toBe(await plain.text());
    const etag = packed.headers.get('etag') ?? '';
    const same = await fetch(`${server.url}/${asset}`, { headers: { 'Accept-Encoding': 'br', 'If-None-Match': etag } });
    expect(same.status).toBe(304);
  }
  await server.stop();
});

test('a private PostgreSQL listens on its socket alone, for us alone', async () => {
  const server = await Server.start();
  expect(sql(server.dataDir, 'show listen_addresses')).toBe('');
  expect(statSync(join(server.dataDir, 'run')).mode & 0o007).toBe(0);
  if (process.getuid?.() === 0) {
    const asked = (): string =>
      execFileSync('runuser', ['-u', 'nobody', '--', 'psql', '-c', 'select 1', `host=${server.dataDir}/run user=interflow dbname=interflow`], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(asked).toThrow();
  }
  await server.stop();
});

test('two nodes on a PostgreSQL that is not theirs; backup of it', async () => {
  const host = await Server.start();
  sql(host.dataDir, 'create database outside template template0');
  const env = { DATABASE_URL: `host=${host.dataDir}/run user=interflow dbname=outside` };
  const one = await Server.start({ env });
  const two = await Server.start({ env, workers: 1 });
  for (const node of [one, two]) {
    expect(existsSync(join(node.dataDir, 'pg'))).toBe(false);
    expect((await fetch(`${node.url}/readyz`)).status).toBe(200);
  }
  const archive = join(folder(), 'outside.tar');
  const backup = await command(['backup', archive, '--data', one.dataDir], { env });
  expect(backup.code, backup.err).toBe(0);
  await one.stop();
  expect((await fetch(`${two.url}/readyz`)).status).toBe(200);
  await two.stop();
  await host.stop();
});
