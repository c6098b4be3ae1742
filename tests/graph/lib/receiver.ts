/* What our server is to the platform, reduced to the least: answers the handshake, checks the signature over the raw
   bytes, keeps the bodies. How it answers can be changed. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { afterEach, expect } from 'vitest';
import { type Graph, type GraphOptions, type Json, startGraph } from '../graph.mjs';

export interface Received {
  raw: string;
  body: Json;
  headers: Record<string, string>;
  signed: boolean;
}
export interface Receiver {
  url: string;
  got: Received[];
  secrets: string[];
  verifyToken: string;
  status: number;
  delayMs: number;
  /** All changes of a field, over all bodies. */
  changes(field?: string): Json[];
  /** All entries of messages[] (WhatsApp). */
  messages(): Json[];
  statuses(): Json[];
  /** All entries of messaging[]. */
  messaging(): Json[];
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const receiver: Receiver = {
    url: '',
    got: [],
    secrets: [],
    verifyToken: 'verify',
    status: 200,
    delayMs: 0,
    changes: (field) =>
      receiver.got.flatMap((g) => g.body.entry.flatMap((e: Json) => e.changes ?? [])).filter((c: Json) => !field || c.field === field),
    messages: () => receiver.changes('messages').flatMap((c) => c.value.messages ?? []),
    statuses: () => receiver.changes('messages').flatMap((c) => c.value.statuses ?? []),
    messaging: () => receiver.got.flatMap((g) => g.body.entry.flatMap((e: Json) => e.messaging ?? [])),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  const server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (p: Buffer) => parts.push(p));
    req.on('end', () => {
      const url = new URL(req.url ?? '/', 'http://x');
      if (req.method === 'GET') {
        const right = url.searchParams.get('hub.mode') === 'subscribe' && url.searchParams.get('hub.verify_token') === receiver.verifyToken;
        res.writeHead(right ? 200 : 403, { 'content-type': 'text/plain' }).end(right ? url.searchParams.get('hub.challenge') : 'no');
        return;
      }
      const raw = Buffer.concat(parts);
      const given = Buffer.from(String(req.headers['x-hub-signature-256'] ?? ''));
      const signed = receiver.secrets.some((s) => {
        const right = Buffer.from(`sha256=${createHmac('sha256', s).update(raw).digest('hex')}`);
        return right.length === given.length && timingSafeEqual(right, given);
      });
      receiver.got.push({
        raw: raw.toString('utf8'),
        body: JSON.parse(raw.toString('utf8')),
        headers: req.headers as Record<string, string>,
        signed,
      });
      setTimeout(() => res.writeHead(receiver.status).end(), receiver.delayMs);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  receiver.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/webhook`;
  return receiver;
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A graph and a receiver for one test; both end with it. */
export async function stage(options: GraphOptions = {}): Promise<{ graph: Graph; receiver: Receiver }> {
  const receiver = await startReceiver();
  const graph = await startGraph({ callback: receiver.url, ...options });
  receiver.secrets = [graph.app.secret];
  open.push(graph, receiver);
  return { graph, receiver };
}

export interface Said {
  status: number;
  body: Json;
  headers: Headers;
}
/** A call as a connector makes it. */
export async function call(
  graph: Graph,
  method: string,
  path: string,
  options: { token?: string | undefined; json?: Json; form?: Record<string, string>; multipart?: FormData } = {},
): Promise<Said> {
  const headers: Record<string, string> = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  const body =
    options.json !== undefined ? JSON.stringify(options.json) : options.form ? new URLSearchParams(options.form) : options.multipart;
  if (options.json !== undefined) headers['content-type'] = 'application/json';
  const said = await fetch(path.startsWith('http') ? path : `${graph.url}${path}`, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  const text = await said.text();
  let read: Json = text;
  try {
    read = JSON.parse(text);
  } catch {
    // not JSON: the test looks at the text
  }
  return { status: said.status, body: read, headers: said.headers };
}

/** POST of a WhatsApp message. */
export const sendWhatsApp = (graph: Graph, body: Json, token = graph.tokens.whatsapp): Promise<Said> =>
  call(graph, 'POST', `/v25.0/${graph.phone.id}/messages`, { token, json: { messaging_product: 'whatsapp', ...body } });

/** expect() that asks again, long enough for a busy machine. */
export const eventually = (ask: () => unknown): ReturnType<typeof expect.poll> => expect.poll(ask, { timeout: 15_000 });
