/* deploy/nginx.conf as it is, with Debian's nginx: TLS, the client's address, cookies, uploads' size, live connections. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ok } from '../api/lib/client.ts';
import { signUp } from '../api/lib/people.ts';
import { freePort, makeDataDir, Server, until } from '../api/lib/server.ts';

const nginx = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path)) ?? '';
const dir = makeDataDir();
let server: Server;
let proxy: ChildProcess;
let url = '';

beforeAll(async () => {
  const port = await freePort();
  const plainPort = await freePort();
  url = `https://127.0.0.1:${port}`;
  server = await Server.start({ env: { INTERFLOW_PUBLIC_URL: url } });
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
    '-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')], { stdio: 'pipe' });
  // Only what an operator changes is changed: addresses, certificate.
  const site = readFileSync(resolve(import.meta.dirname, '../../deploy/nginx.conf'), 'utf8')
    .replace(/^\s*listen \[::\].*$/gm, '')
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace('listen 80', `listen 127.0.0.1:${plainPort}`)
    .replace('127.0.0.1:8080', `127.0.0.1:${server.port}`)
    .replace('proxy_set_header Host $host', 'proxy_set_header Host $http_host')
    .replaceAll(/\/etc\/letsencrypt\S*fullchain\.pem/g, join(dir, 'cert.pem'))
    .replaceAll(/\/etc\/letsencrypt\S*privkey\.pem/g, join(dir, 'key.pem'));
  mkdirSync(join(dir, 'tmp'));
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/tmp/${name};`);
  writeFileSync(join(dir, 'nginx.conf'), `
    daemon off; pid ${dir}/nginx.pid; error_log ${dir}/error.log; worker_processes 1;
    events { worker_connections 512; }
    http { access_log off; ${folders.join(' ')} ${site} }`);
  proxy = spawn(nginx, ['-p', dir, '-c', join(dir, 'nginx.conf')], { stdio: 'ignore' });
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  await until('nginx', async () => {
    try {
      return (await fetch(`${url}/healthz`)).ok;
    } catch {
      return false;
    }
  });
});

afterAll(async () => {
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  proxy.kill();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('pages come over TLS and say so', async () => {
  const page = await fetch(`${url}/`, { headers: { Accept: 'text/html' } });
  expect(page.status).toBe(200);
  expect(page.headers.get('strict-transport-security')).toMatch(/max-age/);
});

test('who looks at the metrics is judged by the address that nginx saw, not by what the client claims', async () => {
  const metrics = await fetch(`${url}/metrics`, { headers: { 'X-Forwarded-For': '203.0.113.9' } });
  expect(metrics.status).toBe(200); // it was 127.0.0.1 after all
});

test('a person signs up and gets live events', async () => {
  const org = await signUp(url);
  ok(await org.owner.client.get(org.path('/tags')));
  const answer = await org.owner.client.call('POST', '/api/login', {
    json: { email: org.owner.email, password: 'um cavalo azul 42' },
  });
  expect(answer.headers.getSetCookie().join()).toMatch(/Secure/i);

  const socket = new WebSocket(`${url.replace('https', 'wss')}${org.path('/events')}`, {
    rejectUnauthorized: false,
    headers: { Cookie: org.owner.client.cookieHeader, Origin: url },
  });
  await new Promise<void>((done, fail) => {
    socket.on('message', (data: Buffer) => {
      if ((JSON.parse(data.toString('utf8')) as { type: string }).type === 'hello') done();
    });
    socket.once('error', fail);
    socket.once('unexpected-response', (_request, response) => fail(new Error(`refused with ${response.statusCode ?? 0}`)));
  });
  socket.close();
});
