/* Recorded tests: what they hold on to, and that nothing goes live against them without a word. */
import { describe, expect, test } from 'vitest';
import { type Answer, type JsonObject, ok, refused } from './lib/client.ts';
import { rows } from './lib/crm.ts';
import { type Row, house, member } from './lib/inbox.ts';
import { unique } from './lib/people.ts';
import { asking, greeting } from './lib/world.ts';

const all = house();
const call = (id: string, names: Record<string, string>, json?: JsonObject): Promise<Answer> => all.desk.owner.call(id, names, json ? { json } : {});

async function draft(graph: JsonObject): Promise<string> {
  const flowId = ok(await call('flows.create', {}, { name: `Fluxo ${unique()}` }), 201).str('id');
  await draw(flowId, graph);
  return flowId;
}
async function draw(flowId: string, graph: JsonObject): Promise<void> {
  const revision = ok(await call('flows.get', { flowId }), 200).get('draftRevision');
  ok(await call('flows.saveDraft', { flowId }, { graph, revision }), 200);
}
/** A conversation with the draft, kept under that name. */
async function record(flowId: string, name: string, steps: readonly [string, JsonObject][], more: JsonObject = {}): Promise<string> {
  const sessionId = ok(await call('flows.testBegin', { flowId }, more), 201).str('id');
  for (const [what, json] of steps) ok(await call(what, { sessionId }, json), 200);
  return ok(await call('flows.recordTest', { flowId }, { name, sessionId }), 201).str('id');
}
const publish = (flowId: string, json: JsonObject = {}): Promise<Answer> => call('flows.publish', { flowId }, json);
const said = (text: string): [string, JsonObject] => ['flows.testSay', { text }];
const latest = async (flowId: string): Promise<Row | undefined> => rows(ok(await call('flows.versions', { flowId }), 200))[0];

describe('publishing', () => {
  test('without tests: the version says that there were none', async () => {
    const flowId = await draft(greeting('Oi'));
    expect(ok(await publish(flowId), 200).json).toMatchObject({ version: 1, tests: [] });
    expect(await latest(flowId)).toMatchObject({ number: 1, tests: null });
  });

  test('a test that fails hinders it and says where; what passes goes live', async () => {
    const flowId = await draft(asking('Qual pedido?'));
    const good = await record(flowId, 'Pedido', [said('4711')]);
    expect(ok(await publish(flowId), 200).json).toMatchObject({ version: 1, tests: [{ id: good, name: 'Pedido', ok: true, message: '', step: null, line: null, expected: null, got: null }] });
    expect(await latest(flowId)).toMatchObject({ tests: { passed: 1, failed: 0, forced: false } });

    await draw(flowId, asking('Que pedido?'));
    const refusal = refused(await publish(flowId), 409, 'FLOW_TESTS_FAILED');
    expect(refusal.get('tests')).toEqual([
      {
        id: good, name: 'Pedido', ok: false, message: expect.stringContaining('Que pedido?') as unknown, step: null, line: 0,
        expected: { kind: 'text', text: 'Qual pedido?', options: [] }, got: { kind: 'text', text: 'Que pedido?', options: [] },
      },
    ]);
    expect(await latest(flowId)).toMatchObject({ number: 1 });
    expect(member(rows(ok(await call('flows.tests', { flowId }), 200))[0], 'lastResult')).toMatchObject({ ok: false, line: 0, expected: { text: 'Qual pedido?' }, at: expect.any(String) as unknown });
  });

  test('a message less, one more, and an act that is not possible any more', async () => {
    const flowId = await draft(asking('Nome?'));
    await record(flowId, 'Curto', [said('Ana')]);
    const longer = asking('Nome?');
    (longer['nodes'] as JsonObject[]).push({ id: 'thanks', type: 'message', name: '', x: 0, y: 0, data: { text: 'Obrigado' } });
    (longer['edges'] as JsonObject[])[1] = { id: 'e2', from: 'hello', port: 'next', to: 'thanks' };
    await draw(flowId, longer);
    expect(rows(refused(await publish(flowId), 409, 'FLOW_TESTS_FAILED'), 'tests')).toMatchObject([{ ok: false, line: 1, expected: null, got: { text: 'Obrigado' } }]);
    await record(flowId, 'Longo', [said('Ana')]);
    await draw(flowId, asking('Nome?'));
    expect(rows(refused(await publish(flowId), 409), 'tests')).toMatchObject([{ name: 'Curto', ok: true }, { name: 'Longo', ok: false, line: 1, expected: { text: 'Obrigado' }, got: null }]);
    await draw(flowId, greeting('Nome?')); // asks nothing any more: nobody can answer
    expect(rows(refused(await publish(flowId), 409), 'tests')[0]).toMatchObject({ ok: false, step: 1, message: expect.stringMatching(/step 1/) as unknown });
  });

  test('by force: it goes live, and the version and the log say so', async () => {
    const flowId = await draft(asking('Um?'));
    await record(flowId, 'Um', [said('x')]);
    await draw(flowId, asking('Dois?'));
    refused(await publish(flowId), 409, 'FLOW_TESTS_FAILED');
    const forced = ok(await publish(flowId, { force: true, note: 'Com pressa' }), 200);
    expect(forced.json).toMatchObject({ version: 1, tests: [{ ok: false, line: 0 }] });
    expect(await latest(flowId)).toMatchObject({ number: 1, note: 'Com pressa', tests: { passed: 0, failed: 1, forced: true } });
    const lines = rows(ok(await all.desk.owner.call('audit.list', {}, { query: { entity: 'flow' } }), 200)).filter((one) => one['entityId'] === flowId && one['action'] === 'flow.published');
    expect(lines[0]?.['changes']).toMatchObject({ tests: { failed: 1, forced: true } });
    await draw(flowId, asking('Um?'));
    ok(await publish(flowId, { force: true }), 200);
    expect(await latest(flowId)).toMatchObject({ number: 2, tests: { passed: 1, failed: 0, forced: false } });
  });

  test('faults come before tests, and a draft that changed meanwhile is not published', async () => {
    const flowId = await draft(asking('Um?'));
    await record(flowId, 'Um', [said('x')]);
    const broken = asking('Um?');
    (broken['edges'] as JsonObject[]).length = 0;
    await draw(flowId, broken);
    refused(await publish(flowId, { force: true }), 400, 'FLOW_INVALID');
    refused(await publish(flowId, { revision: 1, force: true }), 409, 'REVISION_CONFLICT');
  });

  test('playing leaves no sessions behind', async () => {
    const flowId = await draft(asking('Um?'));
    await record(flowId, 'Um', [said('x')]);
    const count = (): string => all.desk.sql(`select count(*) from flow_sessions where flow_id = '${flowId}'`);
    const before = count();
    ok(await publish(flowId), 200);
    ok(await call('flows.runTests', { flowId }), 200);
    expect(count()).toBe(before);
  });
});

describe('a test is the same every time', () => {
  test('chance takes the way it took, the clock begins where it began', async () => {
    const graph = greeting('A');
    const nodes = graph['nodes'] as JsonObject[];
    nodes.push(
      { id: 'luck', type: 'split', name: '', x: 0, y: 0, data: { weights: [{ id: 'a', title: 'A', weight: 50 }, { id: 'b', title: 'B', weight: 50 }] } },
      { id: 'other', type: 'message', name: '', x: 0, y: 0, data: { text: 'B {{ system.today }}' } },
    );
    graph['edges'] = [
      { id: 'e1', from: 'start', port: 'next', to: 'luck' },
      { id: 'e2', from: 'luck', port: 'a', to: 'hello' },
      { id: 'e3', from: 'luck', port: 'b', to: 'other' },
      { id: 'e4', from: 'hello', port: 'next', to: 'end' },
      { id: 'e5', from: 'other', port: 'next', to: 'end' },
    ];
    const flowId = await draft(graph);
    for (let i = 0; i < 8; i++) await record(flowId, `Vez ${i}`, []);
    const scripts = all.desk.sql(`select string_agg(script->'expect'->0->>'text', ',') from flow_tests where flow_id = '${flowId}'`);
    expect(scripts).toContain('A');
    expect(scripts).toContain('B');
    expect(ok(await publish(flowId), 200).json).toMatchObject({ tests: Array(8).fill({ ok: true }) });
  });

  test('a file that was sent stays, and is sent again', async () => {
    const graph = asking('Foto?');
    ((graph['nodes'] as JsonObject[])[1] as JsonObject)['data'] = { text: 'Foto?', kind: 'file', fileKind: 'image', variable: 'foto', retries: 0 };
    const flowId = await draft(graph);
    const fileId = await all.desk.upload();
    await record(flowId, 'Foto', [['flows.testSay', { fileId }]]);
    expect(all.desk.sql(`select file_used('${all.desk.org.id}', '${fileId}')`)).toBe('t');
    expect(ok(await publish(flowId), 200).json).toMatchObject({ tests: [{ ok: true }] });
  });
});
