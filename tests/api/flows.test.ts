/* Flows over the API: the list, drafts with revisions, checks, publishing and versions, copies, files, templates, the rows that
   the editor is drawn from. Every answer is held against the OpenAPI document. (Webhook triggers: flows_hooks.test.ts.) */
import { describe, expect, test } from 'vitest';
import { type Answer, type JsonObject, isObject, ok, refused } from './lib/client.ts';
import { Caller, details, rows } from './lib/crm.ts';
import { type Row, house, member } from './lib/inbox.ts';
import { signUp, unique } from './lib/people.ts';
import { greeting } from './lib/world.ts';

const all = house();

const create = async (more: JsonObject = {}, api: Caller = all.desk.owner): Promise<Row> =>
  ok(await api.call('flows.create', {}, { json: { name: `Fluxo ${unique()}`, ...more } }), 201).json as Row;
const get = async (flowId: string, api: Caller = all.desk.owner): Promise<Row> => ok(await api.call('flows.get', { flowId }), 200).json as Row;
const save = (flowId: string, graph: unknown, revision: number, api: Caller = all.desk.owner): Promise<Answer> =>
  api.call('flows.saveDraft', { flowId }, { json: { graph, revision } });
const publish = (flowId: string, json: JsonObject = {}, api: Caller = all.desk.owner): Promise<Answer> =>
  api.call('flows.publish', { flowId }, { json });
const id = (row: Row): string => String(row['id']);
const codes = (list: unknown): string[] => (Array.isArray(list) ? list.filter(isObject).map((one) => `${String(one['severity'])} ${String(one['code'])}`) : []);

/** A flow that greets, published once. */
async function published(text = 'Olá', triggers: JsonObject[] = []): Promise<string> {
  const flow = await create();
  ok(await save(id(flow), greeting(text, triggers), 1), 200);
  ok(await publish(id(flow)), 200);
  return id(flow);
}

describe('the list and one', () => {
  test('a new one is an empty draft', async () => {
    const flow = await create({ name: '  Boas-vindas  ' });
    expect(flow).toMatchObject({ name: 'Boas-vindas', kind: 'general', enabled: false, priority: 0, publishedVersion: null, draftRevision: 1, changed: true, nodeCount: 1, sessionsRunning: 0, triggers: [], published: null });
    expect(flow['draftBy']).toBe(all.desk.boss.userId);
    expect(member(flow, 'draft')['nodes']).toHaveLength(1);
    expect(await get(id(flow))).toEqual(flow);
    const listed = rows(ok(await all.desk.owner.call('flows.list'), 200)).find((one) => one['id'] === flow['id']);
    expect(listed).toMatchObject({ name: 'Boas-vindas' });
    expect(listed).not.toHaveProperty('draft');
  });

  test('name, priority and switch', async () => {
    const flow = await create();
    const change = (json: JsonObject): Promise<Answer> => all.desk.owner.call('flows.update', { flowId: id(flow) }, { json });
    expect(ok(await change({ name: 'Outro', priority: 7 }), 200).json).toMatchObject({ name: 'Outro', priority: 7, enabled: false });
    refused(await change({ enabled: true }), 409, 'FLOW_NOT_PUBLISHED');
    expect(details(refused(await change({ priority: 101 }), 400))).toEqual(['priority OUT_OF_RANGE']);
    expect(details(refused(await change({ name: '' }), 400))).toEqual(['name TOO_SHORT']);
    const flowId = await published();
    expect(await get(flowId)).toMatchObject({ enabled: true });
    const off = ok(await all.desk.owner.call('flows.update', { flowId }, { json: { enabled: false } }), 200);
    expect(off.get('enabled')).toBe(false);
    expect(all.desk.sql(`select count(*) from flow_triggers where flow_id = '${flowId}'`)).toBe('0');
  });

  test('removed: gone from everywhere', async () => {
    const flowId = await published('Tchau', [{ id: 'a', kind: 'keyword', enabled: true, priority: 0, conditions: null, words: ['tchau'], match: 'exact', channelIds: [] }]);
    expect(all.desk.sql(`select count(*) from flow_triggers where flow_id = '${flowId}'`)).toBe('1');
    ok(await all.desk.owner.call('flows.remove', { flowId }), 204);
    expect(all.desk.sql(`select count(*) from flow_triggers where flow_id = '${flowId}'`)).toBe('0');
    refused(await all.desk.owner.call('flows.get', { flowId }), 404, 'FLOW_NOT_FOUND');
    refused(await all.desk.owner.call('flows.remove', { flowId }), 404, 'FLOW_NOT_FOUND');
    refused(await save(flowId, greeting('x'), 1), 404, 'FLOW_NOT_FOUND');
    refused(await publish(flowId), 404, 'FLOW_NOT_FOUND');
    expect(rows(ok(await all.desk.owner.call('flows.list'), 200)).map(id)).not.toContain(flowId);
  });

  test('a copy has the draft and a name of its own', async () => {
    const flow = await create({ name: `Original ${unique()}`, templateId: 'welcome', language: 'es' });
    const copy = ok(await all.desk.owner.call('flows.duplicate', { flowId: id(flow) }), 201).json as Row;
    expect(copy).toMatchObject({ name: `${String(flow['name'])} 2`, publishedVersion: null, draftRevision: 1 });
    expect(copy['draft']).toEqual(flow['draft']);
    expect(id(copy)).not.toBe(id(flow));
  });

  test('who may what', async () => {
    const flow = await create();
    const viewer = await all.desk.person(['flows.view']);
    const runner = await all.desk.person(['flows.run', 'chats.view']);
    expect(id(await get(id(flow), viewer.api))).toBe(id(flow));
    refused(await viewer.api.call('flows.create', {}, { json: { name: 'x' } }), 403, 'FORBIDDEN');
    refused(await save(id(flow), greeting('x'), 1, viewer.api), 403, 'FORBIDDEN');
    refused(await publish(id(flow), {}, viewer.api), 403, 'FORBIDDEN');
    refused(await viewer.api.call('flows.update', { flowId: id(flow) }, { json: { name: 'x' } }), 403);
    refused(await viewer.api.call('flows.remove', { flowId: id(flow) }), 403);
    refused(await viewer.api.call('flows.import', {}, { json: { file: {} } }), 403);
    refused(await runner.api.call('flows.list'), 403, 'FORBIDDEN');
    const editor = await all.desk.person(['flows.view', 'flows.edit']);
    ok(await save(id(flow), greeting('x'), 1, editor.api), 200);
    refused(await editor.api.call('flows.start', { flowId: id(flow) }, { json: { chatId: crypto.randomUUID() } }), 403);
  });

  test('what the built-in roles have', async () => {
    const list = rows(ok(await all.desk.owner.call('roles.list'), 200));
    const of = (kind: string): unknown[] => {
      const names = list.find((one) => one['kind'] === kind)?.['permissions'];
      return Array.isArray(names) ? names.filter((name) => String(name).startsWith('flows.')) : [];
    };
    expect([of('owner'), of('admin'), of('manager')]).toEqual(Array(3).fill(['flows.view', 'flows.edit', 'flows.run']));
    expect(of('agent')).toEqual(['flows.run']);
  });
});

describe('drafts', () => {
  test('who is late hears who was faster', async () => {
    const flow = await create();
    const saved = ok(await save(id(flow), greeting('Um'), 1), 200);
    expect(saved.get('revision')).toBe(2);
    const editor = await all.desk.person(['flows.view', 'flows.edit']);
    const late = refused(await save(id(flow), greeting('Dois'), 1, editor.api), 409, 'REVISION_CONFLICT');
    expect(late.json).toMatchObject({ revision: 2, by: all.desk.boss.userId, at: saved.get('savedAt') });
    expect(JSON.stringify(await get(id(flow)))).toContain('Um');
    ok(await save(id(flow), greeting('Dois'), 2, editor.api), 200);
    expect(await get(id(flow))).toMatchObject({ draftRevision: 3, draftBy: editor.userId });
  });

  test('two at once: one of them', async () => {
    const flow = await create();
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((text) => save(id(flow), greeting(text), 1)));
    expect(answers.map((one) => one.status).sort()).toEqual([200, 409, 409, 409]);
    expect(await get(id(flow))).toMatchObject({ draftRevision: 2 });
  });

  test('an unfinished one is kept, with what is wrong', async () => {
    const flow = await create();
    const graph = greeting('Olá {{ nobody( }}');
    const saved = ok(await save(id(flow), graph, 1), 200);
    expect(codes(saved.get('problems')).some((one) => one.startsWith('error'))).toBe(true);
    expect((await get(id(flow)))['problems']).toEqual(saved.get('problems'));
    expect(ok(await all.desk.owner.call('flows.check', { flowId: id(flow) }, { json: {} }), 200).get('problems')).toEqual(saved.get('problems'));
    const fine = ok(await all.desk.owner.call('flows.check', { flowId: id(flow) }, { json: { graph: greeting('Olá') } }), 200);
    expect(codes(fine.get('problems')).filter((one) => one.startsWith('error'))).toEqual([]);
    expect(await get(id(flow))).toMatchObject({ draftRevision: 2 });
  });

  test('what is no graph is refused', async () => {
    const flow = await create();
    const node = (more: JsonObject): JsonObject => ({ id: 'x', type: 'message', name: '', x: 0, y: 0, data: {}, ...more });
    const start = node({ id: 'start', type: 'start', data: { triggers: [] } });
    const graph = (nodes: unknown, more: JsonObject = {}): JsonObject => ({ ...greeting('x'), nodes, edges: [], ...more } as JsonObject);
    const bad: unknown[] = [
      'text', 7, [], {}, { format: 1 },
      graph([]), graph('x'), graph([node({})]), graph([start, start]), graph([start, node({ id: '' })]), graph([start, node({ id: 'a b' })]),
      graph([start, node({ id: 'x'.repeat(41) })]), graph([start, node({ type: 'bomb' })]), graph([start, node({ data: [] })]), graph([start, node({ x: '1' })]),
      graph([start], { edges: [{ id: 'e', from: 'start', port: 'next', to: 'nowhere' }] }), graph([start], { format: 2 }),
      graph([start, ...Array.from({ length: 500 }, (_, i) => node({ id: `n${i}` }))]),
    ];
    for (const one of bad) {
      const answer = await save(id(flow), one, 1);
      expect([JSON.stringify(one).slice(0, 100), answer.status]).toEqual([JSON.stringify(one).slice(0, 100), 400]);
      expect(['FLOW_GRAPH_INVALID', 'VALIDATION_ERROR']).toContain(answer.get('code'));
    }
    refused(await save(id(flow), graph([start, node({ data: { text: 'x'.repeat(1_100_000) } })]), 1), 400);
    expect(await get(id(flow))).toMatchObject({ draftRevision: 1 });
  });
});

describe('versions', () => {
  test('publishing: a version, the triggers and the switch in one commit', async () => {
    const flow = await create();
    const trigger = { id: 'word', kind: 'keyword', enabled: true, priority: 3, conditions: null, words: ['Olá', 'oi'], match: 'exact', channelIds: [all.desk.channel.id] };
    ok(await save(id(flow), greeting('Um', [trigger]), 1), 200);
    const first = ok(await publish(id(flow), { note: 'Primeira', revision: 2 }), 200);
    expect(first.json).toMatchObject({ version: 1, flow: { publishedVersion: 1, enabled: true, changed: false } });
    expect(member(first.json as Row, 'flow')['triggers']).toEqual([{ kind: 'keyword', enabled: true, channelIds: [all.desk.channel.id], words: ['Olá', 'oi'] }]);
    expect(all.desk.sql(`select kind || ' ' || key || ' ' || priority from flow_triggers where flow_id = '${id(flow)}'`)).toBe('keyword word 3');
    refused(await publish(id(flow), { revision: 1 }), 409, 'REVISION_CONFLICT');
    ok(await save(id(flow), greeting('Dois'), 2), 200);
    expect(await get(id(flow))).toMatchObject({ changed: true, triggers: [{ kind: 'keyword' }] });
    ok(await publish(id(flow)), 200);
    expect(all.desk.sql(`select count(*) from flow_triggers where flow_id = '${id(flow)}'`)).toBe('0');
    const list = rows(ok(await all.desk.owner.call('flows.versions', { flowId: id(flow) }), 200));
    expect(list).toMatchObject([{ number: 2, note: '', live: true, sessions: 0 }, { number: 1, note: 'Primeira', live: false, by: all.desk.boss.userId }]);
    const page = ok(await all.desk.owner.call('flows.versions', { flowId: id(flow) }, { query: { limit: 1 } }), 200);
    expect([rows(page)[0]?.['number'], page.get('next')]).toEqual([2, '2']);
    const rest = ok(await all.desk.owner.call('flows.versions', { flowId: id(flow) }, { query: { limit: 1, cursor: page.str('next') } }), 200);
    expect([rows(rest)[0]?.['number'], rest.get('next')]).toEqual([1, null]);
    const one = ok(await all.desk.owner.call('flows.version', { flowId: id(flow), number: '1' }), 200);
    expect(JSON.stringify(one.get('graph'))).toContain('Um');
    refused(await all.desk.owner.call('flows.version', { flowId: id(flow), number: '9' }), 404, 'FLOW_VERSION_NOT_FOUND');
    const back = ok(await all.desk.owner.call('flows.restore', { flowId: id(flow), number: '1' }), 200);
    expect(back.json).toMatchObject({ publishedVersion: 2, changed: true, draftRevision: 4 });
    expect(JSON.stringify(back.get('draft'))).toContain('Um');
    refused(await all.desk.owner.call('flows.restore', { flowId: id(flow), number: '9' }), 404, 'FLOW_VERSION_NOT_FOUND');
  });

  test('what is wrong hinders it, and nothing happens', async () => {
    const flow = await create();
    const answer = refused(await publish(id(flow)), 400, 'FLOW_INVALID');
    expect(codes(answer.get('problems'))).toContain('error PORT_OPEN');
    expect(await get(id(flow))).toMatchObject({ publishedVersion: null, enabled: false });
    const gone = greeting('Olá');
    (gone['nodes'] as JsonObject[]).push({ id: 'team', type: 'transfer', name: '', x: 900, y: 0, data: { teamId: crypto.randomUUID() } });
    (gone['edges'] as JsonObject[])[1] = { id: 'e2', from: 'hello', port: 'next', to: 'team' };
    ok(await save(id(flow), gone, 1), 200);
    refused(await publish(id(flow)), 400, 'FLOW_INVALID');
  });

  test('a version never changes', async () => {
    const flowId = await published('Um');
    const before = ok(await all.desk.owner.call('flows.version', { flowId, number: '1' }), 200).json;
    ok(await save(flowId, greeting('Dois'), 2), 200);
    ok(await publish(flowId), 200);
    expect(ok(await all.desk.owner.call('flows.version', { flowId, number: '1' }), 200).json).toEqual(before);
  });

  test('the log says who did what', async () => {
    const flowId = await published();
    ok(await all.desk.owner.call('flows.update', { flowId }, { json: { enabled: false, name: 'Novo nome' } }), 200);
    ok(await all.desk.owner.call('flows.restore', { flowId, number: '1' }), 200);
    ok(await all.desk.owner.call('flows.remove', { flowId }), 204);
    const lines = rows(ok(await all.desk.owner.call('audit.list', {}, { query: { entity: 'flow' } }), 200)).filter((one) => one['entityId'] === flowId);
    expect(lines.map((one) => one['action']).sort()).toEqual(['flow.changed', 'flow.created', 'flow.published', 'flow.removed', 'flow.restored']);
    expect(lines.find((one) => one['action'] === 'flow.changed')?.['changes']).toMatchObject({ enabled: { from: true, to: false }, name: { to: 'Novo nome' } });
  });
});

describe('live', () => {
  test('pages hear of changes, and of who draws', async () => {
    const viewer = await all.desk.person(['flows.view']);
    const other = await all.desk.person(['chats.view']);
    const flow = await create();
    const [mine, theirs, blind] = [await all.desk.live(all.desk.boss.client), await all.desk.live(viewer.client), await all.desk.live(other.client)];
    await Promise.all([mine, theirs, blind].map((one) => one.wait('hello')));
    ok(await save(id(flow), greeting('Novo'), 1), 200);
    await theirs.wait('flow.changed', (data) => data['flowId'] === flow['id'] && data['what'] === 'draft' && data['revision'] === 2);
    mine.send({ type: 'editing', flowId: flow['id'] });
    await theirs.wait('flow.editing', (data) => data['flowId'] === flow['id'] && data['on'] === true && data['userId'] === all.desk.boss.userId);
    mine.send({ type: 'editing', flowId: null });
    await theirs.wait('flow.editing', (data) => data['flowId'] === flow['id'] && data['on'] === false);
    const heard = (on: boolean): number => theirs.frames.filter((one) => one.type === 'flow.editing' && one.data['on'] === on).length;
    mine.send({ type: 'editing', flowId: flow['id'] });
    await theirs.wait('flow.editing', () => heard(true) >= 2);
    mine.close();
    await theirs.wait('flow.editing', () => heard(false) >= 2);
    expect(blind.frames.filter((one) => one.type.startsWith('flow.'))).toEqual([]);
    theirs.close();
    blind.close();
  });
});

describe('two who draw the same flow', () => {
  test('see each other, until one goes on or goes away', async () => {
    const ana = await all.desk.person(['flows.view', 'flows.edit']);
    const flow = await create();
    const other = await create();
    const [mine, hers] = [await all.desk.live(all.desk.boss.client), await all.desk.live(ana.client)];
    await Promise.all([mine, hers].map((one) => one.wait('hello')));
    const told = (flowId: unknown, userId: string, on: boolean) => (data: JsonObject): boolean =>
      data['flowId'] === flowId && data['userId'] === userId && data['on'] === on && (!on || typeof data['name'] === 'string');
    mine.send({ type: 'editing', flowId: flow['id'] });
    hers.send({ type: 'editing', flowId: flow['id'] });
    await hers.wait('flow.editing', told(flow['id'], all.desk.boss.userId, true));
    await mine.wait('flow.editing', told(flow['id'], ana.userId, true));
    hers.send({ type: 'editing', flowId: other['id'] }); // on to another one: the first hears that she left it
    await mine.wait('flow.editing', told(flow['id'], ana.userId, false));
    await mine.wait('flow.editing', told(other['id'], ana.userId, true));
    mine.close();
    await hers.wait('flow.editing', told(flow['id'], all.desk.boss.userId, false));
    hers.close();
  });
});

describe('what the editor is drawn from', () => {
  test('nodes, triggers, functions', async () => {
    const nodes = rows(ok(await all.desk.owner.call('flows.nodes'), 200));
    expect(nodes.map((one) => one['type'])).toEqual(expect.arrayContaining(['start', 'message', 'menu', 'question', 'condition', 'delay', 'set', 'transfer', 'end']));
    expect(new Set(nodes.map((one) => one['type'])).size).toBe(nodes.length);
    const triggers = rows(ok(await all.desk.owner.call('flows.triggers'), 200)).map((one) => one['kind']);
    expect(triggers).toEqual(['channel', 'keyword', 'firstContact', 'inactivity', 'webhook', 'manual', 'api', 'tag', 'stage', 'closing', 'transfer']);
    const functions = ok(await all.desk.owner.call('flows.functions'), 200);
    expect(rows(functions, 'functions').length).toBeGreaterThan(30);
    expect(rows(functions, 'paths').map((one) => one['path'])).toEqual(expect.arrayContaining(['customer.name', 'system.now', 'message.text']));
  });

  test('an expression while it is written', async () => {
    const check = (json: JsonObject): Promise<Answer> => all.desk.owner.call('flows.checkExpression', {}, { json });
    expect(ok(await check({ expression: 'upper(customer.name) & "!"' }), 200).json).toEqual({ ok: true });
    expect(ok(await check({ template: 'Olá {{ customer.name | firstName }}' }), 200).json).toEqual({ ok: true });
    expect(ok(await check({ expression: '1 +' }), 200).json).toMatchObject({ ok: false, error: { at: 3 } });
    expect(ok(await check({ template: 'Olá {{ nada(1) }}' }), 200).json).toMatchObject({ ok: false, error: { subject: 'nada' } });
    refused(await check({}), 400);
    refused(await check({ expression: '1', template: '2' }), 400);
    refused(await check({ expression: 'x'.repeat(16_385) }), 400);
  });

  test('every template in every language can be published as it is', async () => {
    const templates = rows(ok(await all.desk.owner.call('flows.templates'), 200));
    expect(templates.map((one) => one['id'])).toEqual(['after_hours', 'lead_capture', 'satisfaction', 'triage', 'welcome']);
    for (const one of templates)
      for (const language of ['pt', 'es', 'en']) {
        const flow = await create({ templateId: String(one['id']), language });
        // Only that a channel shows options as numbers may be said.
        expect([one['id'], language, codes(flow['problems']).filter((code) => !code.startsWith('warning CHANNEL_'))]).toEqual([one['id'], language, []]);
        expect([one['id'], flow['nodeCount']]).toEqual([one['id'], one['nodeCount']]);
        expect(JSON.stringify(flow['draft'])).not.toContain('"pt":');
        ok(await publish(id(flow)), 200);
        ok(await all.desk.owner.call('flows.remove', { flowId: id(flow) }), 204);
      }
    const [pt, es] = [await create({ templateId: 'welcome', language: 'pt' }), await create({ templateId: 'welcome', language: 'es' })];
    expect([JSON.stringify(pt['draft']).includes('Quero comprar'), JSON.stringify(es['draft']).includes('Quiero comprar')]).toEqual([true, true]);
    refused(await all.desk.owner.call('flows.create', {}, { json: { name: 'x', templateId: 'nada' } }), 400);
    for (const flow of [pt, es]) ok(await all.desk.owner.call('flows.remove', { flowId: id(flow) }), 204);
  });
});

describe('files', () => {
  const withTeam = (teamId: string, tagId = ''): JsonObject => {
    const graph = greeting('Olá {{ customer.fields.cor }}');
    (graph['nodes'] as JsonObject[]).push({ id: 'team', type: 'transfer', name: '', x: 900, y: 0, data: { teamId, userId: null, note: '' } });
    (graph['edges'] as JsonObject[])[1] = { id: 'e2', from: 'hello', port: 'next', to: 'team' };
    if (tagId) (graph['nodes'] as JsonObject[])[0] = { id: 'start', type: 'start', name: '', x: 0, y: 100, data: { triggers: [{ id: 't', kind: 'tag', enabled: true, priority: 0, conditions: null, tagId, change: 'added' }] } };
    return graph;
  };
  const exported = async (flowId: string, api: Caller = all.desk.owner): Promise<JsonObject> => ok(await api.call('flows.export', { flowId }), 200).json as JsonObject;

  test('out and in again, here and elsewhere: by name', async () => {
    const teamName = `Véndas ${unique()}`;
    const teamId = await all.desk.team({ name: teamName });
    const tagId = ok(await all.desk.owner.call('tags.create', {}, { json: { name: `Vip ${unique()}` } })).json as Row;
    const tag = String(member(tagId, 'data')['id']);
    const flow = await create();
    ok(await save(id(flow), withTeam(teamId, tag), 1), 200);
    const file = await exported(id(flow));
    expect(file).toMatchObject({ format: 1, kind: 'interflow.flow', name: flow['name'], flowKind: 'general', refs: { team: { [teamId]: teamName } } });
    // Here: the same things, under another name.
    const here = ok(await all.desk.owner.call('flows.import', {}, { json: { file } }), 201);
    expect(rows(here, 'missing')).toEqual([{ kind: 'field', name: 'cor', nodes: ['hello'] }]);
    expect(await get(here.str('flowId'))).toMatchObject({ name: `${String(flow['name'])} 2`, draft: file['graph'] });
    // Elsewhere: a team of that name in other letters is found, the tag is missed.
    const other = await signUp(all.server.url);
    const api = await Caller.of(other);
    const theirTeam = ok(await api.call('teams.create', {}, { json: { name: teamName.toLowerCase().replace('é', 'e') } }), 201).str('id');
    const there = ok(await api.call('flows.import', {}, { json: { file, name: 'Trazido' } }), 201);
    const missing = rows(there, 'missing');
    expect(missing.map((one) => one['kind']).sort()).toEqual(['field', 'tag']);
    expect(missing.find((one) => one['kind'] === 'tag')?.['nodes']).toEqual(['start']);
    const draft = JSON.stringify((await get(there.str('flowId'), api))['draft']);
    expect([draft.includes(theirTeam), draft.includes(teamId), draft.includes(tag)]).toEqual([true, false, false]);
  });

  test('an id of another organization means nothing', async () => {
    const other = await signUp(all.server.url);
    const api = await Caller.of(other);
    const foreign = ok(await api.call('teams.create', {}, { json: { name: `Alheia ${unique()}` } }), 201).str('id');
    const flow = await create();
    ok(await save(id(flow), withTeam(foreign), 1), 200);
    expect((await exported(id(flow)))['refs']).toEqual({});
    const file: JsonObject = { format: 1, kind: 'interflow.flow', name: 'x', flowKind: 'general', graph: withTeam(foreign), refs: { team: { [foreign]: 'Qualquer' } } };
    const made = ok(await all.desk.owner.call('flows.import', {}, { json: { file } }), 201);
    expect(rows(made, 'missing')[1] ?? rows(made, 'missing')[0]).toMatchObject({ name: expect.any(String) as unknown });
    expect(JSON.stringify((await get(made.str('flowId')))['draft'])).not.toContain(foreign);
  });

  test('what is no such file is refused', async () => {
    const good: JsonObject = { format: 1, kind: 'interflow.flow', name: 'x', flowKind: 'general', graph: greeting('Oi'), refs: {} };
    const bad: unknown[] = [
      {}, [], 'x', null, { ...good, format: 2 }, { ...good, kind: 'x' }, { ...good, name: '' }, { ...good, name: 'x'.repeat(81) }, { ...good, flowKind: 'bot' }, { ...good, more: 1 },
      { ...good, refs: [] }, { ...good, refs: { team: { x: 'y' } } }, { ...good, refs: { nada: {} } }, { ...good, refs: { team: { [crypto.randomUUID()]: 'x'.repeat(301) } } },
      { ...good, graph: {} }, { ...good, graph: { ...greeting('x'), nodes: [] } }, { ...good, graph: { ...greeting('x'), __proto__: null, extra: 1 } },
    ];
    const before = rows(ok(await all.desk.owner.call('flows.list'), 200)).length;
    for (const file of bad.slice(0, -1)) {
      const answer = await all.desk.owner.call('flows.import', {}, { json: { file } });
      expect([JSON.stringify(file).slice(0, 120), answer.status]).toEqual([JSON.stringify(file).slice(0, 120), 400]);
    }
    expect(rows(ok(await all.desk.owner.call('flows.list'), 200)).length).toBe(before);
  });

  test('a file that a flow sends is kept, and shown to who may open flows', async () => {
    const fileId = await all.desk.upload();
    const graph = greeting('Olá');
    ((graph['nodes'] as JsonObject[])[1] as JsonObject)['data'] = { text: 'Olá', buttons: [], files: [{ fileId, name: 'foto.png', mimeType: 'image/png', size: 70 }] };
    const flow = await create();
    ok(await save(id(flow), graph, 1), 200);
    expect(all.desk.sql(`select file_used('${all.desk.org.id}', '${fileId}')`)).toBe('t');
    const viewer = await all.desk.person(['flows.view']);
    const blind = await all.desk.person(['chats.view']);
    ok(await viewer.api.call('files.get', { fileId }), 200);
    refused(await blind.api.call('files.get', { fileId }), 404);
    ok(await save(id(flow), greeting('Olá'), 2), 200);
    expect(all.desk.sql(`select file_used('${all.desk.org.id}', '${fileId}')`)).toBe('f');
    ok(await save(id(flow), graph, 3), 200);
    ok(await publish(id(flow)), 200);
    ok(await save(id(flow), greeting('Olá'), 4), 200);
    expect(all.desk.sql(`select file_used('${all.desk.org.id}', '${fileId}')`)).toBe('t');
  });
});
