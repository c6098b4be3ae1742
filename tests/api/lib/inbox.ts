/* The inbox for tests: an organization with a web chat, its visitors and its people. Calls of the staff go through Caller, so that
   every answer is held against the OpenAPI document. */
import { afterAll, beforeAll, expect } from 'vitest';
import { sql } from '../../process/lib/command.ts';
import { type Answer, type CallOptions, Client, type JsonObject, isObject, ok } from './client.ts';
import { Caller, rows } from './crm.ts';
import { type Organization, type Person, join, makeRole, signUp, unique } from './people.ts';
import { Server, type ServerOptions, until } from './server.ts';
import { Socket } from './socket.ts';

export type Row = JsonObject;

/** A visitor of a page with the web chat. */
export class Visitor {
  private constructor(
    readonly client: Client,
    readonly key: string,
    readonly token: string,
    readonly id: string,
  ) {}

  static async of(base: string, key: string): Promise<Visitor> {
    const client = new Client(base);
    const answer = ok(await client.post(`/webchat/${key}/visitor`, {}), 201);
    return new Visitor(client, key, answer.str('token'), answer.str('visitorId'));
  }

  call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    return this.client.call(method, `/webchat/${this.key}${path}`, { ...options, headers: { 'X-Visitor': this.token, ...options.headers } });
  }

  write(text: string, more: JsonObject = {}): Promise<Answer> {
    return this.call('POST', '/messages', { json: { text, clientId: `v-${unique()}`, ...more } });
  }

  /** Writes and gives the message as the visitor sees it. */
  async say(text: string, more: JsonObject = {}): Promise<Row> {
    return ok(await this.write(text, more)).json as Row;
  }

  /** Takes what a message offers: a button or a row of a list, by its id. */
  press(messageId: unknown, id: string, more: JsonObject = {}): Promise<Answer> {
    return this.call('POST', '/messages', { json: { clientId: `p-${unique()}`, replyTo: String(messageId), answer: id, ...more } });
  }

  async sendFile(content: Uint8Array | string, name: string, type: string, text = ''): Promise<Answer> {
    const form = new FormData();
    form.append('clientId', `f-${unique()}`);
    if (text) form.append('text', text);
    form.append('file', new Blob([content as BlobPart], { type }), name);
    return this.call('POST', '/messages', { body: form });
  }

  async messages(after?: string): Promise<Row[]> {
    return rows(ok(await this.call('GET', '/messages', after ? { query: { after } } : {}), 200));
  }

  socket(): Promise<Socket> {
    return Socket.open(this.client, `/webchat/${this.key}/events?token=${encodeURIComponent(this.token)}`);
  }
}

export class Desk {
  private constructor(
    readonly server: Server,
    readonly org: Organization,
    readonly owner: Caller,
    readonly channel: { id: string; key: string },
  ) {}

  static async make(server: Server, channel: JsonObject = {}): Promise<Desk> {
    const org = await signUp(server.url);
    const owner = await Caller.of(org);
    const made = ok(await owner.call('channels.create', {}, { json: { kind: 'webchat', name: `Site ${org.secret}`, ...channel } }), 201);
    return new Desk(server, org, owner, { id: made.str('id'), key: made.str('publicKey') });
  }

  visitor(key = this.channel.key): Promise<Visitor> {
    return Visitor.of(this.server.url, key);
  }

  /** A visitor who has written: with the chat that it opened. */
  async guest(text = `Oi ${unique()}`, more: JsonObject = {}): Promise<{ visitor: Visitor; chatId: string; message: Row }> {
    const visitor = await this.visitor();
    const message = await visitor.say(text, more);
    return { visitor, chatId: String(message['chatId']), message };
  }

  /** Somebody of the staff. role: kind of a built-in one, or permissions of one of their own. */
  async person(role: string | readonly string[] = 'agent', teamIds: string[] = []): Promise<Staff> {
    const roleId = typeof role === 'string' ? role : await makeRole(this.org, role);
    const person = await join(this.org, roleId, teamIds);
    return { ...person, api: this.owner.as(person.client) };
  }

  get boss(): Staff {
    return { ...this.org.owner, api: this.owner };
  }

  async team(more: JsonObject = {}): Promise<string> {
    return ok(await this.owner.call('teams.create', {}, { json: { name: `Time ${unique()}`, ...more } }), 201).str('id');
  }

  async chat(chatId: string, as: Caller = this.owner): Promise<Row> {
    return ok(await as.call('chats.get', { chatId }), 200).json as Row;
  }

  async messages(chatId: string, query: CallOptions['query'] = {}, as: Caller = this.owner): Promise<Row[]> {
    return rows(ok(await as.call('messages.list', { chatId }, { query: query ?? {} }), 200));
  }

  /** Waits until a message of ours has this status. */
  async status(chatId: string, messageId: string, status: string): Promise<Row> {
    return until(`the message to be ${status}`, async () => {
      const one = ok(await this.owner.call('messages.get', { chatId, messageId }), 200).json as Row;
      return one['status'] === status ? one : undefined;
    });
  }

  async ids(query: CallOptions['query'] = {}, as: Caller = this.owner): Promise<string[]> {
    return rows(ok(await as.call('chats.list', {}, { query: query ?? {} }), 200)).map((one) => String(one['id']));
  }

  async send(chatId: string, content: string, more: JsonObject = {}, as: Caller = this.owner): Promise<Row> {
    return ok(await as.call('messages.send', { chatId }, { json: { content, ...more } })).json as Row;
  }

  async upload(as: Caller = this.owner, name = 'foto.png', content: Uint8Array = png): Promise<string> {
    const form = new FormData();
    form.append('file', new Blob([content as BlobPart], { type: 'image/png' }), name);
    return ok(await as.call('files.create', {}, { body: form }), 201).str('id');
  }

  live(client: Client, cursor?: string): Promise<Socket> {
    return Socket.open(client, this.org.path(`/events${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`));
  }

  /** A closure type's id. */
  async closureType(more: JsonObject = {}): Promise<string> {
    return ok(await this.owner.call('closureTypes.create', {}, { json: { name: `Motivo ${unique()}`, ...more } }), 201).str('id');
  }

  async close(chatId: string, as: Caller = this.owner): Promise<Answer> {
    return ok(await as.call('chats.close', { chatId }, { json: { closureTypeId: await this.closureType() } }), 200);
  }

  /** One value from the database. */
  sql(statement: string): string {
    return sql(this.server.dataDir, statement);
  }

  /** For a chat with somebody known by this type of contact. */
  reaches(contactType: string): string {
    return contactType === 'webchat' ? this.channel.id : quietChannel(this.server.dataDir, this.org.id, contactType);
  }
}

const quiet = new Map<string, string>();

/** An account that reaches such contacts and whose platform nobody asks: it is paused, what is to be sent waits. For what is about people
    and chats. */
export function quietChannel(dataDir: string, orgId: string, contactType: string): string {
  const kind = contactType === 'email' ? 'email' : 'whatsapp';
  const known = quiet.get(orgId + kind);
  if (known) return known;
  const id = sql(dataDir, `insert into channels (org_id, kind, name, status) values ('${orgId}', '${kind}', 'Quieto', 'paused') returning id`);
  quiet.set(orgId + kind, id);
  return id;
}

export interface Staff extends Person {
  api: Caller;
}

/** Of a role that sees only the chats of its teams and its own. */
export const restricted = ['chats.view', 'chats.reply', 'chats.close', 'customers.view', 'customers.edit', 'contacts.view'] as const;

export interface House {
  server: Server;
  desk: Desk;
}

/** A server and a desk for a test file; afterwards the log must not tell of a failure of ours. */
export function house(options: ServerOptions = {}): House {
  const all = {} as House;
  beforeAll(async () => {
    all.server = await Server.start(options);
    all.desk = await Desk.make(all.server);
  });
  afterAll(async () => {
    const failures = all.server ? all.server.logLines().filter((line) => Number(line['status']) >= 500 || line['level'] === 'error') : [];
    await all.server?.stop();
    expect(failures).toEqual([]);
  });
  return all;
}

export function member(row: Row | undefined, name: string): Row {
  const value = row?.[name];
  if (!isObject(value)) throw new Error(`no ${name} in ${JSON.stringify(row)}`);
  return value;
}

/** What the lines of a conversation say happened. */
export const whats = (messages: Row[]): string[] =>
  messages.filter((one) => one['direction'] === 'event').map((one) => String(member(one, 'data')['what']));

/** A PNG of one pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
