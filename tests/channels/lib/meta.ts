/* A server connected to the stand-in Graph API: settings point to it, accounts are made by their tokens, and it sends its
   webhooks to the server. Shared by the tests of Messenger and Instagram. */
import { afterAll, beforeAll, expect } from 'vitest';
import { type JsonObject, ok } from '../../api/lib/client.ts';
import { rows } from '../../api/lib/crm.ts';
import { Desk, type Row, member } from '../../api/lib/inbox.ts';
import { Server, type ServerOptions, freePort, until as within } from '../../api/lib/server.ts';
import { type Graph, type PageCustomer, startGraph } from '../../graph/graph.mjs';

/** Ends with what it waits for; the limit is for machines that have much else to do. */
export const until = <T>(what: string, ask: () => Promise<T> | T): Promise<NonNullable<T>> => within(what, ask, 60_000);

export interface MetaHouse {
  graph: Graph;
  server: Server;
  desk: Desk;
}

/** Settings of a server whose platforms are the stand-in. */
export const metaEnv = (graph: Graph): Record<string, string> => ({
  INTERFLOW_ALLOW_PRIVATE: '127.0.0.1/32',
  META_GRAPH_URL: graph.hosts.graph,
  INSTAGRAM_GRAPH_URL: graph.hosts.instagram,
  INSTAGRAM_API_URL: graph.hosts.instagramApi,
  FACEBOOK_DIALOG_URL: graph.hosts.facebookDialog,
  INSTAGRAM_DIALOG_URL: graph.hosts.instagramDialog,
  META_MEDIA_HOSTS: graph.url,
  META_APP_ID: graph.app.id,
  META_APP_SECRET: graph.app.secret,
  META_VERIFY_TOKEN: 'installation',
  INSTAGRAM_APP_ID: graph.app.instagramId,
  INSTAGRAM_APP_SECRET: graph.app.instagramSecret,
});

/** For a test file. publicUrl: what the server believes to be its own address; default: where it listens. killed: the test kills its
    workers, which the supervisor may say. */
export function metaHouse(options: ServerOptions & { publicUrl?: string; killed?: boolean } = {}): MetaHouse {
  const all = {} as MetaHouse;
  beforeAll(async () => {
    all.graph = await startGraph();
    const port = await freePort();
    const env = { ...metaEnv(all.graph), INTERFLOW_PUBLIC_URL: options.publicUrl ?? `http://127.0.0.1:${port}`, ...options.env };
    all.server = await Server.start({ ...options, port, env });
    all.desk = await Desk.make(all.server);
  });
  afterAll(async () => {
    const failures = all.server ? all.server.logLines().filter((line) => Number(line['status']) >= 500 || (line['level'] === 'error' && !(options.killed && line['process'] === 'supervisor'))) : [];
    await all.server?.stop();
    await all.graph?.close();
    expect(failures).toEqual([]);
  });
  return all;
}

export interface Connected {
  id: string;
  key: string;
  url: string;
}

/** Connects an account by its token and lets the platform call its webhook. */
export async function connect(all: MetaHouse, kind: 'messenger' | 'instagram', more: JsonObject = {}): Promise<Connected> {
  const { graph, desk, server } = all;
  const token = more['login'] === 'instagram' ? graph.tokens.instagram : graph.tokens.page;
  const appSecret = more['login'] === 'instagram' ? graph.app.instagramSecret : graph.app.secret;
  const json = { kind, name: `${kind} ${Math.random()}`, settings: { verifyToken: 'verify', ...more }, secrets: { token, appSecret } };
  const made = ok(await desk.owner.call('channels.create', {}, { json }), 201);
  const key = made.str('publicKey');
  const url = `${server.url}/hooks/${kind}/${key}`;
  await graph.subscribe(kind === 'messenger' ? 'page' : 'instagram', url, 'verify');
  await until('the app to be subscribed to the account', () => subscribed(all, kind, more['login'] === 'instagram'));
  return { id: made.str('id'), key, url };
}

export const subscribed = ({ graph }: MetaHouse, kind: string, byLogin = false): boolean =>
  (kind === 'instagram' && byLogin ? graph.instagram : graph.page).subscribed.has(graph.app.id);

/** The chats of a channel, newest first. */
export const chatsOf = async (all: MetaHouse, channelId: string): Promise<Row[]> =>
  rows(ok(await all.desk.owner.call('chats.list', {}, { query: { channelId } }), 200));

/** What a person wrote, as the conversation shows it, once it is there. */
export async function arrived(all: MetaHouse, sent: { id: string }, withFiles = true): Promise<Row> {
  const find = (): string =>
    all.desk.sql(`select coalesce((select chat_id || ' ' || id from messages where external_id = '${sent.id}'), '')`).trim();
  const [chatId = '', messageId = ''] = (await until(`the message ${sent.id}`, () => find() || undefined)).split(' ');
  return until('its files', async () => {
    const row = ok(await all.desk.owner.call('messages.get', { chatId, messageId }), 200).json as Row;
    const files = Array.isArray(row['files']) ? row['files'] : [];
    return !withFiles || files.every((f) => (f as Row)['state'] !== 'pending') ? row : undefined;
  });
}

/** Waits until the message looks so. */
export async function becomes(all: MetaHouse, message: Row, looks: (row: Row) => boolean, what = 'the message to change'): Promise<Row> {
  const ids = { chatId: String(message['chatId']), messageId: String(message['id']) };
  return until(what, async () => {
    const row = ok(await all.desk.owner.call('messages.get', ids), 200).json as Row;
    return looks(row) ? row : undefined;
  });
}

/** A person who has written, with the chat. */
export async function talk(all: MetaHouse, customer: PageCustomer, text = 'Oi'): Promise<{ chatId: string; message: Row }> {
  const message = await arrived(all, await customer.sends.text(text));
  return { chatId: String(message['chatId']), message };
}

/** The window as if the person had written so long ago. */
export function wroteAgo(all: MetaHouse, chatId: string, hours: number): void {
  all.desk.sql(`update chats set window_until = now() + interval '${24 - hours} hours' where id = '${chatId}'`);
}

/** The hourly look after the accounts, now. */
export function upkeep(all: MetaHouse): void {
  all.desk.sql(`select channel_upkeep()`);
  all.desk.sql(`update jobs set due_at = now() where kind = 'channel.upkeep'`);
}

/** Sends and waits for what becomes of it. */
export async function say(all: MetaHouse, chatId: string, content: string, more: JsonObject = {}, state = /sent|delivered|read|failed/): Promise<Row> {
  const message = await all.desk.send(chatId, content, more);
  const row = await becomes(all, { ...message, chatId }, (r) => state.test(String(r['status'])), `"${content.slice(0, 30)}" to be ${state}`);
  return row;
}

export const data = (row: Row): Row => member(row, 'data');

/** The tables in which a text stands somewhere, whatever the column. */
export function places(all: MetaHouse, text: string): string[] {
  const tables = all.desk.sql(`select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`).trim().split('\n');
  const hex = Buffer.from(text).toString('hex');
  const one = (table: string): string =>
    `select '${table}' from (select from ${table} x where position('${text}' in x::text) > 0 or position('${hex}' in x::text) > 0 limit 1) y`;
  return all.desk.sql(tables.map(one).join(' union all ')).trim().split('\n').filter((table) => table !== '');
}
