/* What may start a flow, and when: opening hours and holidays, stages and tags of who is talked with, silence of the team, two kinds at once;
   and how values of a caller become the variables that the flow declares. */
import { describe, expect, test } from 'vitest';
import { type Answer, type JsonObject, ok, refused } from '../api/lib/client.ts';
import { Desk, house } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { sleep } from '../api/lib/server.ts';
import { sql } from '../process/lib/command.ts';
import { Bench } from './lib/bench.ts';
import { graph } from './lib/draw.ts';

const all = house();
const bench = async (): Promise<Bench> => new Bench(await Desk.make(all.server));

const hello = (text: string, ...triggers: JsonObject[]): JsonObject =>
  graph({ triggers: triggers.map((trigger, i) => ({ id: `t${i}`, enabled: true, priority: 0, ...trigger })), nodes: [['m', 'message', { text }]], ways: ['start.next > m'] });
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const always = Object.fromEntries(days.map((day) => [day, [['00:00', '24:00']]]));
const never = Object.fromEntries(days.map((day) => [day, []]));
const settings = (b: Bench, values: JsonObject): Promise<Answer> => b.client.call('PATCH', b.path(''), { json: { settings: values } });
const today = (year: boolean): string => new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/Sao_Paulo' }).format(new Date()).slice(year ? 0 : 5);

async function customerOf(b: Bench, chatId: string): Promise<string> {
  return String(((await b.chat(chatId))['customer'] as JsonObject)['id']);
}
async function stages(b: Bench): Promise<string[]> {
  const [funnel] = ok(await b.client.get(b.path('/funnels'))).get('items') as JsonObject[];
  return (funnel?.['stages'] as JsonObject[]).map((one) => String(one['id']));
}

describe('opening hours', () => {
  test('of the organization, of the channel before them, and holidays before both', async () => {
    const b = await bench();
    await b.live(hello('Aberto', { kind: 'channel', hours: 'open' }));
    await b.live(hello('Fechado', { kind: 'channel', hours: 'closed' }));
    const says = async (): Promise<string[]> => b.hears((await b.desk.guest('oi')).visitor, 1);
    expect(await says()).toEqual(['Aberto']); // no hours: always
    ok(await settings(b, { hours: never }));
    expect(await says()).toEqual(['Fechado']);
    ok(await b.client.call('PATCH', b.path(`/channels/${b.desk.channel.id}`), { json: { hours: always } }));
    expect(await says()).toEqual(['Aberto']);
    ok(await settings(b, { holidays: ['2020-01-01', today(true)] }));
    expect(await says()).toEqual(['Fechado']);
    ok(await settings(b, { holidays: ['01-01', today(false)] }));
    expect(await says()).toEqual(['Fechado']);
    ok(await settings(b, { holidays: null }));
    expect(await says()).toEqual(['Aberto']);
  });

  test('what is no hours and no day is refused', async () => {
    const b = await bench();
    for (const hours of ['x', { mon: 'x' }, { mon: [['18:00', '08:00']] }, { monday: [] }]) refused(await settings(b, { hours }), 400);
    for (const holidays of ['x', ['x'], ['2026-13-01'], ['02-30'], [7], ['2026-1-1']]) refused(await settings(b, { holidays }), 400);
    ok(await settings(b, { hours: always, holidays: ['02-29', '2026-12-25'] }));
  });

  test('the node of hours goes by them, too', async () => {
    const b = await bench();
    const flowId = await b.make();
    await b.draw(flowId, graph({ nodes: [['h', 'hours', {}], ['a', 'message', { text: 'Aberto' }], ['f', 'message', { text: 'Fechado' }]], ways: ['start.next > h', 'h.open > a', 'h.closed > f'] }));
    const at = async (clock: string): Promise<unknown> => (await b.begin(flowId, { clock })).transcript[0]?.['text'];
    ok(await settings(b, { hours: always, holidays: ['12-25'] }));
    expect([await at('2026-12-24T15:00:00Z'), await at('2026-12-25T15:00:00Z'), await at('2026-12-26T02:59:00Z'), await at('2026-12-26T03:00:00Z')]).toEqual(['Aberto', 'Fechado', 'Fechado', 'Aberto']);
  });
});

describe('stages and tags', () => {
  test('a stage starts a flow that talks, in the chat that nobody has; the silent one runs beside it', async () => {
    const b = await bench();
    const [first = '', second = ''] = await stages(b);
    const talks = await b.live(hello('Parabéns!', { kind: 'stage', stageId: second }));
    const silent = await b.live(
      graph({ triggers: [{ id: 't', kind: 'stage', enabled: true, priority: 0, stageId: second }], nodes: [['s', 'set', { assignments: [{ name: 'x', kind: 'value', value: '{{trigger.data.previousStageId}}' }] }]], ways: ['start.next > s'] }),
      {},
      'stage',
    );
    const { visitor, chatId } = await b.desk.guest('oi');
    const path = b.path(`/customers/${await customerOf(b, chatId)}/stage`);
    ok(await b.client.call('PUT', path, { json: { stageId: first } }));
    ok(await b.client.call('PUT', path, { json: { stageId: second } }));
    expect(await b.hears(visitor, 1)).toEqual(['Parabéns!']);
    const [one] = await b.settled(silent, 'done');
    expect((await b.session(String(one?.['id']))).vars).toEqual({ x: first });
    ok(await b.client.post(b.path(`/chats/${chatId}/take`)));
    ok(await b.client.call('PUT', path, { json: { stageId: first } }));
    ok(await b.client.call('PUT', path, { json: { stageId: second } }));
    await b.settled(silent, 'done', 2);
    await sleep(500);
    expect(await b.sessions(talks)).toHaveLength(1);
  });

  test('a tag that goes starts what is for that, by key too', async () => {
    const b = await bench();
    const tag = ok(await b.client.post(b.path('/tags'), { name: `VIP ${unique()}`, color: '#5b6475' })).json as JsonObject;
    const tagId = String((tag['data'] as JsonObject)['id']);
    const gone = await b.live(hello('Sentiremos falta.', { kind: 'tag', tagId, change: 'removed' }));
    const { visitor, chatId } = await b.desk.guest('oi');
    const tags = b.path(`/customers/${await customerOf(b, chatId)}/tags`);
    ok(await b.client.post(tags, { tagId }));
    await sleep(400);
    expect(await b.sessions(gone)).toEqual([]);
    ok(await b.client.delete(`${tags}/${tagId}`));
    expect(await b.hears(visitor, 1)).toEqual(['Sentiremos falta.']);
  });
});

describe('silence of the team', () => {
  test('also where somebody has the chat; not while it sleeps', async () => {
    const b = await bench();
    const flowId = await b.live(hello('Já respondemos!', { kind: 'inactivity', who: 'team', afterMs: 60_000 }));
    const { visitor, chatId } = await b.desk.guest('oi?');
    const asleep = await b.desk.guest('e eu?');
    ok(await b.client.post(b.path(`/chats/${chatId}/take`)));
    ok(await b.client.post(b.path(`/chats/${asleep.chatId}/snooze`), { until: new Date(Date.now() + 3_600_000).toISOString() }));
    sql(all.server.dataDir, `update flow_triggers set published_at = now() - interval '1 hour' where kind = 'inactivity';
      update chats set last_message_at = now() - interval '90 seconds' where id in ('${chatId}', '${asleep.chatId}'); update jobs set due_at = now() where kind = 'flow.idle'`);
    expect(await b.hears(visitor, 1)).toEqual(['Já respondemos!']);
    await b.settled(flowId, 'done');
    expect(await b.told(asleep.visitor)).toEqual([]);
  });
});

describe('values from outside', () => {
  test('become what the flow declares; what cannot stays as it was given', async () => {
    const b = await bench();
    const flowId = await b.live({
      ...hello('{{ valor * 2 }} | {{ quando | date:"dd/MM" }} | {{ sim ? "sim" : "não" }} | {{ nada }}', { kind: 'api' }),
      variables: Object.entries({ valor: 'number', quando: 'date', sim: 'bool', nada: 'number' }).map(([name, type]) => ({ name, type, default: null, help: '' })),
    });
    const { visitor, chatId } = await b.desk.guest('oi');
    ok(await b.client.post(b.path(`/flows/${flowId}/start`), { chatId, variables: { valor: '12,5', quando: '2026-03-09', sim: 'sim', nada: 'muito' } }), 201);
    expect(await b.hears(visitor, 1)).toEqual(['25 | 09/03 | sim | muito']);
    refused(await b.client.post(b.path(`/flows/${flowId}/start`), { chatId, variables: { 'a b': 1 } }), 400);
  });
});
