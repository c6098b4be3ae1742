/* What is too much, or comes too slowly, at the edge: each request gets a clear answer, and the server goes on. */
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { type Answer, Client, isObject, ok } from './lib/client.ts';
import { suite } from './lib/suite.ts';

const all = suite();

interface Raw {
  status: number;
  text: string;
  ms: number;
}

/** Sends text as it is, then `more` every 100 ms; what came back until the server closed. */
function raw(text: string, more = '', from = '127.0.0.1'): Promise<Raw> {
  return new Promise((done) => {
    const began = Date.now();
    const socket = connect({ port: all.server.port, host: '127.0.0.1', localAddress: from });
    let back = '';
    const drip = more ? setInterval(() => socket.write(more), 100) : undefined;
    socket.on('data', (chunk: Buffer) => (back += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drip);
      done({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(back)?.[1] ?? 0), text: back, ms: Date.now() - began });
    });
    socket.write(text);
  });
}

const head = 'Host: x\r\nConnection: close\r\n';
const get = (target: string, fields = ''): Promise<Raw> => raw(`GET ${target} HTTP/1.1\r\n${head}${fields}\r\n`);
const alive = async (): Promise<void> => void ok(await all.world.client.get('/api/me'), 200);

test('headers: 16 KB and 100 fields, then 431; beyond what is read at all, 431 too', async () => {
  expect((await get('/healthz', `X-Long: ${'a'.repeat(15_000)}\r\n`)).status).toBe(200);
  const long = await get('/healthz', `X-Long: ${'a'.repeat(16_500)}\r\n`);
  expect(long.status).toBe(431);
  expect(long.text).toContain('"requestId"');
  expect((await get('/healthz', 'X-Many: 1\r\n'.repeat(90))).status).toBe(200);
  expect((await get('/healthz', 'X-Many: 1\r\n'.repeat(100))).status).toBe(431);
  expect((await get('/healthz', `X-Long: ${'a'.repeat(1_000_000)}\r\n`)).status).toBe(431);
  await alive();
});

test('a header that does not end is ended by the server', async () => {
  const [slow, silent] = await Promise.all([raw(`GET /healthz HTTP/1.1\r\n${head}X-Slow: `, 'a'), raw('GET /heal')]);
  for (const one of [slow, silent]) {
    expect([0, 408]).toContain(one.status);
    expect(one.ms).toBeGreaterThan(20_000);
    expect(one.ms).toBeLessThan(45_000);
  }
  await alive();
});

test('thousands of arguments in an address get an answer', async () => {
  const many = (count: number): string => Array.from({ length: count }, (_, i) => `a${i}=1`).join('&');
  for (const count of [10, 300, 1000, 1500]) expect([count, (await get(`/healthz?${many(count)}`)).status]).toEqual([count, 200]);
  const path = all.world.org.path('/tags');
  for (const count of [100, 1000]) {
    const answer = await all.world.client.call('GET', `${path}?${many(count)}`);
    expect([count, answer.status]).toEqual([count, 400]);
    expect(isObject(answer.json) && answer.json['code']).toBe('VALIDATION_ERROR');
  }
  for (const count of [3000, 5000, 50_000]) expect([count, (await get(`${path}?${many(count)}`)).status]).toEqual([count, expect.toBeOneOf([414, 431])]);
  await alive();
});

test('connections of one address: some hundred, then no more; there is room again when they end', async () => {
  const place = new Set<ReturnType<typeof connect>>();
  let refused = 0;
  for (let i = 0; i < 450; i++) {
    const socket = connect({ port: all.server.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    socket.on('error', () => undefined);
    socket.on('close', () => (refused += place.delete(socket) ? 1 : 0));
    place.add(socket);
  }
  await expect.poll(() => refused).toBeGreaterThanOrEqual(50); // 200 per worker, two workers
  await alive(); // others are not concerned
  for (const socket of [...place]) socket.destroy();
  await expect.poll(async () => (await raw(`GET /healthz HTTP/1.1\r\n${head}\r\n`, '', '127.0.0.2')).status).toBe(200);
});

/** A multipart body, word for word, to the upload of files. */
function upload(body: string | Buffer, type = 'multipart/form-data; boundary=b'): Promise<Answer> {
  return all.world.client.call('POST', all.world.org.path('/files'), { body: body as BodyInit, headers: { 'Content-Type': type } });
}
const part = (disposition: string, content = 'x', fields = ''): string => `--b\r\nContent-Disposition: ${disposition}\r\n${fields}\r\n${content}\r\n`;
const file = part('form-data; name="file"; filename="a.txt"', 'texto', 'Content-Type: text/plain\r\n');

test('multipart bodies that are not right: a clear 4xx, and nothing is kept', async () => {
  ok(await upload(`${file}--b--\r\n`), 201);
  const wrong: [string, string | Buffer, string?][] = [
    ['no boundary', `${file}--b--\r\n`, 'multipart/form-data'],
    ['an empty boundary', `${file}--b--\r\n`, 'multipart/form-data; boundary='],
    ['a boundary that is too long', `${file}--b--\r\n`, `multipart/form-data; boundary=${'b'.repeat(71)}`],
    ['another boundary', `${file}--b--\r\n`, 'multipart/form-data; boundary=c'],
    ['nothing', ''],
    ['no part', '--b--\r\n'],
    ['no end', file],
    ['cut off in the content', file.slice(0, -6)],
    ['cut off in a header', '--b\r\nContent-Disposition: form-da'],
    ['cut off in the boundary', `${file}--b`],
    ['no disposition', `--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n`],
    ['another disposition', `${part('attachment; name="file"; filename="a.txt"')}--b--\r\n`],
    ['no name', `${part('form-data; filename="a.txt"')}--b--\r\n`],
    ['an empty name', `${part('form-data; name=""; filename="a.txt"')}--b--\r\n`],
    ['a name that is no field', `${part('form-data; name="other"; filename="a.txt"')}--b--\r\n`],
    ['a header of a part that is too long', `${part('form-data; name="file"; filename="a.txt"', 'x', `X-Long: ${'a'.repeat(9000)}\r\n`)}--b--\r\n`],
    ['a megabyte of headers', `${part('form-data; name="file"; filename="a.txt"', 'x', `X: ${'a'.repeat(1000)}\r\n`.repeat(1000))}--b--\r\n`],
    ['a body within a part', `${part('form-data; name="file"', `--i\r\n${file}--i--`, 'Content-Type: multipart/mixed; boundary=i\r\n')}--b--\r\n`],
    ['a text where a file must be', `${part('form-data; name="file"', 'x')}--b--\r\n`],
    ['bytes before', `${'\0'.repeat(100)}\r\n`],
    ['no UTF-8 in a name', Buffer.concat([Buffer.from('--b\r\nContent-Disposition: form-data; name="'), Buffer.from([0xff, 0xfe]), Buffer.from('"\r\n\r\nx\r\n--b--\r\n')])],
  ];
  const answers: string[] = [];
  for (const [what, body, type] of wrong) {
    const answer = await upload(body, type);
    if (answer.status < 400 || answer.status >= 500 || !isObject(answer.json) || typeof answer.json['code'] !== 'string')
      answers.push(`${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
  }
  expect(answers).toEqual([]);
  const chat = await all.world.ids(['chatId']);
  const message = all.world.org.path(`/chat/${chat['chatId']}/message`);
  const text = part('form-data; name="content"', 'Uma');
  const twice = await all.world.client.call('POST', message, { body: `${text}${text}--b--\r\n`, headers: { 'Content-Type': 'multipart/form-data; boundary=b' } });
  expect(twice.status, twice.text).toBe(400);
  await alive();
  expect((await new Client(all.server.url).get('/healthz')).status).toBe(200);
});
