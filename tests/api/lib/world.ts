/* One organization with something of everything, and how to call each operation in it: which ids a path or a body needs,
   and how to make them. The tests that go over all routes (routes.test.ts, foreign.test.ts, input.test.ts) ask here; a
   path parameter or an id in a body that nothing here knows fails them, so that no new route can be forgotten. To
   add a route with a new kind of id: a line in `makers` (and in `bodyIds` when bodies name it). */
import { Client, type JsonObject, isObject, ok } from './client.ts';
import type { Document, Operation } from './document.ts';
import { type Organization, items, join, makeRole, password, roleId, signUp, unique } from './people.ts';
import { until } from './server.ts';

export type Ids = Record<string, string>;

/** The constant that the document's examples use for ids. */
const exampleId = '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10';

/** A PNG of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

export class World {
  readonly client: Client;
  private channel: { id: string; key: string } | undefined;

  private constructor(
    readonly org: Organization,
    readonly document: Document,
  ) {
    this.client = org.owner.client;
  }

  static async make(base: string, document: Document): Promise<World> {
    return new World(await signUp(base), document);
  }

  /** Creates by a POST and gives a member of the answer (data.x in the public shapes). */
  private async create(path: string, body: JsonObject, member = 'id'): Promise<string> {
    const answer = ok(await this.client.post(this.org.path(path), body));
    const whole = isObject(answer.json) && isObject(answer.json['data']) ? answer.json['data'] : answer.json;
    const value = isObject(whole) ? whole[member] : undefined;
    if (typeof value !== 'string') throw new Error(`no ${member} in ${answer.text.slice(0, 300)}`);
    return value;
  }

  name(what: string): string {
    return `${what} ${this.org.secret} ${unique()}`;
  }

  async webchat(): Promise<{ id: string; key: string }> {
    if (!this.channel) {
      const answer = ok(await this.client.post(this.org.path('/channels'), { kind: 'webchat', name: this.name('Site') }), 201);
      this.channel = { id: answer.str('id'), key: answer.str('publicKey') };
    }
    return this.channel;
  }

  /** A visitor who has written once: the chat that it opened. */
  async visitorChat(text = this.name('Oi')): Promise<{ chatId: string; visitor: Client; token: string }> {
    const { key } = await this.webchat();
    const visitor = new Client(this.client.base);
    const token = ok(await visitor.post(`/webchat/${key}/visitor`, {})).str('token');
    const headers = { 'X-Visitor': token };
    const body = { text, clientId: `c-${unique()}${unique()}`, name: this.name('Visitante') };
    ok(await visitor.call('POST', `/webchat/${key}/messages`, { json: body, headers }));
    const chat = await until('the chat of a visitor', async () =>
      (await items(this.client, this.org.path('/chats'), { view: 'any' })).find((one) => JSON.stringify(one).includes(text)),
    );
    return { chatId: String(chat['id']), visitor, token };
  }

  private async makeChat(): Promise<Ids> {
    const { chatId } = await this.visitorChat();
    ok(await this.client.post(this.org.path(`/chats/${chatId}/take`)));
    const sent = ok(await this.client.post(this.org.path(`/chats/${chatId}/messages`), { content: this.name('Bom dia') }), 201);
    return { chatId, messageId: sent.str('id') };
  }

  private async makeCustomer(): Promise<Ids> {
    const email = `cliente-${unique()}@example.com`;
    const customerId = await this.create('/customers', { name: this.name('Cliente'), email });
    const other = `outro-${unique()}@example.com`;
    ok(await this.client.post(this.org.path(`/customers/${customerId}/contacts`), { kind: 'email', identifier: other }));
    const contacts = ok(await this.client.get(this.org.path(`/customers/${customerId}`))).get('contacts');
    const contact = Array.isArray(contacts) ? contacts.filter(isObject).find((one) => JSON.stringify(one).includes(other)) : undefined;
    const contactId = String(contact?.['id']);
    const noteId = await this.create(`/customers/${customerId}/notes`, { title: this.name('Nota') });
    return { customerId, contactId, noteId };
  }

  private async makeFunnel(): Promise<Ids> {
    const funnelId = await this.create('/funnels', { name: this.name('Funil') });
    const stageId = await this.create(`/funnels/${funnelId}/stages`, { name: this.name('Etapa') });
    return { funnelId, stageId };
  }

  /** With one notification in its log, which nobody takes. */
  private async makeWebhook(): Promise<Ids> {
    const hooks = await items(this.client, this.org.path('/webhooks'));
    for (const old of hooks.slice(0, Math.max(0, hooks.length - 10))) // there may be 20
      ok(await this.client.delete(this.org.path(`/webhooks/${String(old['id'])}`)));
    const webhookId = await this.create('/webhooks', { name: this.name('ERP'), url: 'https://localhost:1/', events: ['customer.created'] });
    await this.create('/customers', { name: this.name('Cliente'), email: `cliente-${unique()}@example.com` });
    const path = this.org.path(`/webhooks/${webhookId}/deliveries`);
    const [delivery] = await until('a notification', async () => {
      const found = await items(this.client, path);
      return found.length > 0 ? found : undefined;
    });
    return { webhookId, deliveryId: String(delivery?.['id']) };
  }

  /** A flow that greets, with a webhook trigger; published once. */
  private async makeFlow(): Promise<Ids> {
    const flowId = await this.create('/flows', { name: this.name('Fluxo') });
    const triggerId = `hook-${unique()}`;
    const graph = greeting(this.name('Olá'), [webhookTrigger(triggerId, (await this.webchat()).id)]);
    ok(await this.client.put(this.org.path(`/flows/${flowId}/draft`), { graph, revision: 1 }), 200);
    ok(await this.client.post(this.org.path(`/flows/${flowId}/publish`), { note: this.name('Primeira') }), 200);
    return { flowId, triggerId, number: '1' };
  }

  /** A conversation with a flow in its test panel, and a test recorded of it. */
  private async makeSession(): Promise<Ids> {
    const ids = await this.makeFlow();
    const flow = `/flows/${ids['flowId'] ?? ''}`;
    const sessionId = await this.create(`${flow}/tests/session`, { graph: asking(this.name('Quem')) });
    const testId = await this.create(`${flow}/tests`, { name: this.name('Teste'), sessionId });
    return { ...ids, sessionId, testId };
  }

  /** A flow that waits for an answer in a chat. */
  async runningSession(): Promise<string> {
    const flowId = await this.create('/flows', { name: this.name('Fluxo') });
    ok(await this.client.put(this.org.path(`/flows/${flowId}/draft`), { graph: asking(this.name('Quem')), revision: 1 }), 200);
    ok(await this.client.post(this.org.path(`/flows/${flowId}/publish`), {}), 200);
    const { chatId } = await this.visitorChat();
    return this.create(`/chats/${chatId}/flow`, { flowId });
  }

  async upload(): Promise<string> {
    const form = new FormData();
    form.append('file', new Blob([png], { type: 'image/png' }), `foto-${this.org.secret}.png`);
    return ok(await this.client.call('POST', this.org.path('/files'), { body: form })).str('id');
  }

  /** Everything is made anew on each call, so that what one test deletes is not missed by the next. */
  private readonly makers: Record<string, () => Promise<Ids>> = {
    chatId: () => this.makeChat(),
    messageId: () => this.makeChat(),
    customerId: () => this.makeCustomer(),
    contactId: () => this.makeCustomer(),
    otherId: async () => ({ otherId: (await this.makeCustomer())['customerId'] ?? '' }),
    noteId: () => this.makeCustomer(),
    funnelId: () => this.makeFunnel(),
    stageId: () => this.makeFunnel(),
    tagId: async () => ({ tagId: await this.create('/tags', { name: this.name('Etiqueta') }) }),
    fieldId: async () => ({ fieldId: await this.create('/fields', { name: this.name('Campo'), kind: 'text' }) }),
    teamId: async () => ({ teamId: await this.create('/teams', { name: this.name('Time') }) }),
    roleId: async () => ({ roleId: await makeRole(this.org, ['chats.view', 'chats.reply']) }),
    userId: async () => ({ userId: (await join(this.org, 'agent')).userId }),
    keyId: async () => ({ keyId: await this.create('/api-keys', { name: this.name('ERP'), permissions: ['tags.manage'] }) }),
    invitationId: async () => ({
      invitationId: await this.create('/invitations', { email: `c-${unique()}@example.com`, roleId: await roleId(this.org, 'agent') }),
    }),
    channelId: async () => ({ channelId: await this.create('/channels', { kind: 'webchat', name: this.name('Outro site') }) }),
    fileId: async () => ({ fileId: await this.upload() }),
    shortcutId: async () => ({
      shortcutId: await this.create('/shortcuts', { keyword: `a${unique()}`, title: this.name('Atalho'), steps: [{ content: this.name('Olá') }] }),
    }),
    closureTypeId: async () => ({ closureTypeId: await this.create('/closure-types', { name: this.name('Motivo') }) }),
    viewId: async () => ({ viewId: await this.create('/views', { name: this.name('Visão') }) }),
    webhookId: () => this.makeWebhook(),
    deliveryId: () => this.makeWebhook(),
    flowId: () => this.makeFlow(),
    triggerId: () => this.makeFlow(),
    number: () => this.makeFlow(),
    sessionId: () => this.makeSession(),
    testId: () => this.makeSession(),
    templateId: () => Promise.resolve({ templateId: '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d11' }), // only a platform approves some
    entryId: () => Promise.resolve({ entryId: '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d12' }), // a platform's call
    kind: () => Promise.resolve({ kind: 'messenger' }),
    part: () => Promise.resolve({ part: '1' }),
    position: () => Promise.resolve({ position: '0' }),
    jobId: () => Promise.resolve({ jobId: '987654321' }), // parked work cannot be made over the API
  };

  /** Ids that bodies and queries name, by field: made by which maker. */
  private readonly bodyIds: Record<string, string> = {
    userId: 'userId',
    assigneeId: 'userId',
    ownerId: 'userId',
    leaderId: 'userId',
    memberIds: 'userId',
    mentions: 'userId',
    actorId: 'userId',
    teamId: 'teamId',
    teamIds: 'teamId',
    defaultTeamId: 'teamId',
    roleId: 'roleId',
    customerId: 'customerId',
    mergeId: 'customerId',
    chatId: 'chatId',
    chatIds: 'chatId',
    customerIds: 'customerId',
    messageId: 'messageId',
    replyToMessageId: 'messageId',
    replyTo: 'messageId',
    tagId: 'tagId',
    tags: 'tagId',
    selectedTags: 'tagId',
    stageId: 'stageId',
    defaultStageId: 'stageId',
    moveToId: 'stageId',
    channelId: 'channelId',
    channelIds: 'channelId',
    auxiliaryChannelId: 'channelId',
    fileIds: 'fileId',
    attachment_ids: 'fileId',
    avatarFileId: 'fileId',
    closureTypeId: 'closureTypeId',
    field_definition_id: 'fieldId',
    flowId: 'flowId',
    sessionId: 'sessionId',
    fileId: 'fileId',
    id: 'noteId',
    entityId: 'customerId',
  };

  /** Ids for these path parameters, belonging to each other. */
  async ids(names: readonly string[]): Promise<Ids> {
    const ids: Ids = { organizationId: this.org.id };
    // A test belongs to the flow that comes with it.
    for (const name of names.includes('testId') ? ['testId', ...names] : names) {
      if (ids[name]) continue;
      const make = this.makers[name];
      if (!make) throw new Error(`nothing knows how to make a ${name}: add it to tests/api/lib/world.ts`);
      const made = await make();
      for (const [key, value] of Object.entries(made)) ids[key] ??= value;
    }
    if (names.includes('customerId') && names.includes('tagId'))
      ok(await this.client.post(this.org.path(`/customers/${ids['customerId']}/tags`), { tagId: ids['tagId'] ?? '' }));
    return ids;
  }

  /** The id that a field of a body or query means; undefined when the field is no id. */
  async idFor(field: string): Promise<string | undefined> {
    const maker = this.bodyIds[field];
    if (!maker) return undefined;
    return (await this.ids([maker]))[maker];
  }

  pathIds(operation: Operation): string[] {
    return operation.parameters.filter((one) => one.in === 'path' && one.name !== 'organizationId').map((one) => one.name);
  }

  fill(operation: Operation, ids: Ids): string {
    return operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? `no-${name}`));
  }

  /** A chat that is closed. */
  async close(chatId: string): Promise<void> {
    ok(await this.client.post(this.org.path(`/chats/${chatId}/close`), await closing(this)));
  }

  /** A body that the operation accepts: the document's example with real ids, or what `bodies` says. */
  async body(operation: Operation, ids: Ids): Promise<JsonObject | undefined> {
    const special = bodies[operation.id];
    if (special) return special(this, ids);
    if (!operation.body) return undefined;
    const body: JsonObject = structuredClone(operation.example ?? {});
    for (const [field, value] of Object.entries(body)) {
      if (!JSON.stringify(value).includes(exampleId)) continue;
      const id = await this.idFor(field);
      if (!id) throw new Error(`nothing knows the id ${field} in the body of ${operation.id}: add it to tests/api/lib/world.ts`);
      body[field] = Array.isArray(value) ? [id] : id;
    }
    if (typeof body['name'] === 'string') body['name'] = this.name('Nome');
    return body;
  }
}

/** A graph that sends a text and ends, started by these triggers. */
export function greeting(text: string, triggers: JsonObject[] = []): JsonObject {
  const node = (id: string, type: string, x: number, data: JsonObject): JsonObject => ({ id, type, name: '', x, y: 100, data });
  return {
    format: 1,
    nodes: [node('start', 'start', 0, { triggers }), node('hello', 'message', 300, { text, buttons: [] }), node('end', 'end', 600, {})],
    edges: [
      { id: 'e1', from: 'start', port: 'next', to: 'hello' },
      { id: 'e2', from: 'hello', port: 'next', to: 'end' },
    ],
    groups: [],
    comments: [],
    variables: [],
    settings: { debounceMs: 0, language: '' },
  };
}

/** A graph that asks and waits for the answer. */
export function asking(text: string): JsonObject {
  const graph = greeting(text);
  (graph['nodes'] as JsonObject[])[1] = { id: 'hello', type: 'question', name: '', x: 300, y: 100, data: { text, kind: 'text', retries: 0, timeoutMs: 60_000 } };
  return graph;
}

/** A webhook trigger that finds the person under person.id. */
export function webhookTrigger(id: string, channelId: string, more: JsonObject = {}): JsonObject {
  return {
    id,
    kind: 'webhook',
    enabled: true,
    priority: 0,
    conditions: null,
    check: 'bearer',
    channelId,
    contactKind: 'webchat',
    contactPath: 'person.id',
    namePath: 'person.name',
    mapping: [],
    ...more,
  };
}

/** Closing says why. */
async function closing(w: World): Promise<JsonObject> {
  return { closureTypeId: (await w.ids(['closureTypeId']))['closureTypeId'] ?? '', note: w.name('Fim') };
}

/** Bodies that an example cannot give: unique values, states that must fit, values that depend on others. */
const bodies: Record<string, (world: World, ids: Ids) => Promise<JsonObject> | JsonObject> = {
  'roles.create': (w) => ({ name: w.name('Papel'), permissions: ['chats.view'] }),
  'roles.update': (w) => ({ name: w.name('Papel'), permissions: ['chats.view'] }),
  'users.update': () => ({ capacity: 5 }),
  'api_keys.create': (w) => ({ name: w.name('ERP'), permissions: ['tags.manage'] }),
  'invitations.create': async (w) => ({ email: `x-${unique()}@example.com`, roleId: await roleId(w.org, 'agent') }),
  'customers.create': (w) => ({ name: w.name('Cliente'), email: `y-${unique()}@example.com` }),
  'customers.update': (w) => ({ name: w.name('Cliente') }),
  'customers.bulk': async (w) => ({ action: 'owner', customerIds: [(await w.ids(['customerId']))['customerId'] ?? ''], ownerId: (await w.ids(['userId']))['userId'] ?? '' }),
  'customers.addContact': () => ({ kind: 'email', identifier: `z-${unique()}@example.com` }),
  'customers.setFieldValue': async (w) => ({ field_definition_id: (await w.ids(['fieldId']))['fieldId'] ?? '', value: 'azul' }),
  'channels.create': (w) => ({ kind: 'webchat', name: w.name('Site') }),
  'channels.update': (w) => ({ name: w.name('Site') }),
  'channels.check': () => ({ kind: 'webchat', settings: {} }),
  'channels.checkOne': () => ({}),
  'channels.reconnect': () => ({}),
  'messages.send': (w) => ({ content: w.name('Mensagem'), clientId: `m-${unique()}` }),
  'shortcuts.create': (w) => ({ keyword: `k${unique()}`, title: w.name('Atalho'), steps: [{ content: 'Olá' }] }),
  'shortcuts.update': () => ({ keyword: `k${unique()}` }),
  'chats.close': (w) => closing(w),
  'public.chatResolve': (w) => closing(w),
  'chats.snooze': () => ({ until: new Date(Date.now() + 3_600_000).toISOString() }),
  'chats.transfer': async (w) => ({ teamId: (await w.ids(['teamId']))['teamId'] ?? '' }),
  'chats.pin': (_, ids) => ({ messageId: ids['messageId'] ?? '' }),
  'chats.bulk': async (w) => ({ action: 'read', chatIds: [(await w.ids(['chatId']))['chatId'] ?? ''] }),
  'public.chatCreate': async (w) => ({
    contactType: 'webchat',
    contactValue: crypto.randomUUID(),
    channelId: (await w.webchat()).id,
    customerName: w.name('Cliente'),
  }),
  'public.messageCreate': (w) => ({ content: w.name('Mensagem') }),
  'public.sequenceCreate': (w) => ({ steps: [{ content: w.name('Um') }, { content: 'Dois', delay_after_ms: 0 }] }),
  'flows.create': (w) => ({ name: w.name('Fluxo'), templateId: 'welcome', language: 'pt' }),
  'flows.import': async (w) => ({
    file: { format: 1, kind: 'interflow.flow', name: w.name('Fluxo'), flowKind: 'general', graph: greeting(w.name('Oi')), refs: {} },
  }),
  'flows.update': (w) => ({ name: w.name('Fluxo') }),
  'flows.saveDraft': async (w, ids) => {
    const flow = await w.client.get(w.org.path(`/flows/${ids['flowId'] ?? ''}`));
    return { graph: greeting(w.name('Oi')), revision: flow.status === 200 ? flow.get('draftRevision') : 1 };
  },
  'flows.check': (w) => ({ graph: greeting(w.name('Oi')) }),
  'flows.publish': () => ({ note: 'Nova' }),
  'flows.start': async (w) => ({ contactType: 'webchat', contactValue: crypto.randomUUID(), channelId: (await w.webchat()).id }),
  'flows.httpTest': () => ({ data: { method: 'GET', url: 'http://127.0.0.1:1/' } }),
  'flows.testBegin': (w) => ({ graph: asking(w.name('Quem')) }),
  'flows.testSay': (w) => ({ text: w.name('Eu') }),
  'flows.recordTest': async (w) => ({ name: w.name('Teste'), sessionId: (await w.ids(['sessionId']))['sessionId'] ?? '' }),
  'flowHooks.update': (w) => ({ secret: w.name('segredo') }),
  'me.password': () => ({ current: password, password: `${password}!` }),
  'organizations.create': (w) => ({ name: w.name('Outra') }),
};
