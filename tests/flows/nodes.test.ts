/* Nodes on the host of real chats: what the goldens cannot see, because in a test nothing is written. */
import { describe, expect, test } from 'vitest';
import { type JsonObject, isObject, ok } from '../api/lib/client.ts';
import { Desk, house, type Row, whats } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { Bench, type Session } from './lib/bench.ts';
import { type GraphWords, graph } from './lib/draw.ts';
import { Things } from './lib/things.ts';

const all = house();
const bench = async (): Promise<Bench> => new Bench(await Desk.make(all.server));
const first: JsonObject = { id: 't', kind: 'channel', enabled: true, priority: 0 };

/** Live, with ids for names; the session that a first message made, once it is over. */
async function run(b: Bench, words: GraphWords, status = 'done'): Promise<{ session: Session; chatId: string; told: string[] }> {
  const things = await Things.of(b);
  const flowId = await b.live((await things.put(graph({ ...words, triggers: [first] }))) as JsonObject);
  const { visitor, chatId } = await b.desk.guest('oi');
  const [row] = await b.settled(flowId, status);
  return { session: await b.session(String(row?.['id'])), chatId, told: await b.told(visitor) };
}

const customerOf = async (b: Bench, chatId: string): Promise<Row> => {
  const chat = await b.chat(chatId);
  const who = isObject(chat['customer']) ? chat['customer']['id'] : chat['customerId'];
  return ok(await b.desk.owner.call('customers.get', { customerId: String(who) })).json as Row;
};

describe('live', () => {
  test('what is known of the customer: name, contacts, fields by their kinds, tags, stage, a note; then the end', async () => {
    const b = await bench();
    const slug = `pet_${unique().replaceAll('-', '_')}`;
    for (const [name, kind] of [['Pet', 'text'], ['Peso', 'number'], ['Vacina', 'date']] as const)
      ok(await b.client.post(b.path('/fields'), { name, slug: `${slug}_${kind}`, kind }), 201);
    const email = `ana-${unique()}@example.com`;
    const { chatId } = await run(b, {
      nodes: [
        ['s', 'set', { assignments: [{ name: 'nasc', kind: 'expression', value: 'date("1990-02-28")' }, { name: 'kg', kind: 'expression', value: '12.5' }] }],
        ['c', 'customer', { name: 'Ana Lima', email, phone: '11 98421-7730', birthDate: '{{nasc}}', fields: { [`${slug}_text`]: 'Rex', [`${slug}_number`]: '{{kg}}', [`${slug}_date`]: '{{nasc}}' }, tagsAdd: ['$tag.VIP'], stageId: '$stage.Proposta' }],
        ['n', 'note', { text: '{{customer.name}}, {{customer.email}}, {{customer.fields.' + slug + '_text}}, {{customer.stage}}' }],
        ['e', 'close', { closureTypeId: '$closureType.Resolvido', note: 'pelo fluxo' }],
      ],
      ways: ['start.next > s', 's.next > c', 'c.next > n', 'n.next > e'],
      variables: [{ name: 'nasc', type: 'date' }, { name: 'kg', type: 'number' }],
    });
    const who = JSON.stringify(await customerOf(b, chatId));
    for (const part of ['"Ana Lima"', email, '1990-02-28', '"Rex"', '12.5', '5511984217730']) expect(who).toContain(part);
    const chat = await b.chat(chatId);
    expect(chat).toMatchObject({ status: 'closed', owner: 'human', flow: null });
    const lines = await b.desk.messages(chatId);
    expect(JSON.stringify(lines)).toContain(`Ana Lima, ${email}, Rex, Proposta`);
    expect(whats(lines)).toContain('closed');
  });

  test('what the customer rows refuse leaves by the error port, and nothing of it stays', async () => {
    const b = await bench();
    const { told, chatId } = await run(b, {
      nodes: [
        ['c', 'customer', { name: 'Não fica', phone: '123' }],
        ['e', 'message', { text: '{{error.code}}' }],
      ],
      ways: ['start.next > c', 'c.error > e'],
    });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^[A-Z_]+$/);
    expect(JSON.stringify(await customerOf(b, chatId))).not.toContain('Não fica');
  });

  test('an e-mail beside the chat: in a conversation of its own with the same customer', async () => {
    const b = await bench();
    const email = `ana-${unique()}@example.com`;
    const { told, chatId } = await run(b, {
      nodes: [
        ['c', 'customer', { email }],
        ['m', 'email', { channelId: '$mailbox', to: '{{customer.email}}', subject: 'Pedido {{ 6 * 7 }}', text: 'Olá!' }],
        ['ok', 'message', { text: 'Enviado.' }],
      ],
      ways: ['start.next > c', 'c.next > m', 'm.next > ok'],
    });
    expect(told).toEqual(['Enviado.']);
    const who = await customerOf(b, chatId);
    const [other] = (await b.desk.ids({ customerId: String(who['id']) })).filter((id) => id !== chatId);
    const [mail] = await b.desk.messages(String(other));
    expect(mail).toMatchObject({ kind: 'email', content: 'Olá!', direction: 'out' });
    expect(JSON.stringify(mail)).toContain('Pedido 42');
    // Nobody's, and not in the queue before the customer answers.
    expect(await b.chat(String(other))).toMatchObject({ flow: null, owner: 'human', status: 'waiting', assigneeId: null });
  });

  test('a file, the opening hours, chance', async () => {
    const b = await bench();
    const { told, session } = await run(b, {
      nodes: [
        ['p', 'media', { kind: 'image', file: '$file.image', caption: 'Veja' }],
        ['h', 'hours', {}],
        ['s', 'split', { weights: [{ id: 'a', title: 'A', weight: 1 }, { id: 'b', title: 'B', weight: 0 }] }],
        ['m', 'message', { text: 'Fim' }],
      ],
      ways: ['start.next > p', 'p.next > h', 'h.open > s', 'h.closed > s', 's.a > m'],
    });
    expect(told).toEqual(['Veja', 'Fim']);
    expect(session.log.map((line) => line['nodeId'])).toEqual(['start', 'p', 'h', 's', 'm']);
  });

  test('more than 24 hours after the customer wrote: the message fails, the template goes', async () => {
    const b = await bench();
    const channelId = b.desk.reaches('whatsapp');
    b.desk.sql(`insert into templates (org_id, channel_id, name, language, category, status, components)
      values ('${b.desk.org.id}', '${channelId}', 'retomada', 'pt_BR', 'UTILITY', 'APPROVED', '[{"type":"BODY","text":"Olá, {{1}}! Tudo bem?"}]')`);
    const flowId = await b.live(
      graph({
        triggers: [{ id: 'm', kind: 'manual', enabled: true, priority: 0 }],
        nodes: [
          ['free', 'message', { text: 'Ainda aí?' }],
          ['t', 'template', { template: { channelId, name: 'retomada', language: 'pt_BR', parameters: { 'body.1': 'Ana' } } }],
          ['bad', 'template', { template: { channelId, name: 'retomada', language: 'pt_BR', parameters: {} } }],
          ['n', 'note', { text: '{{error.message}}' }],
        ],
        ways: ['start.next > free', 'free.error > t', 't.next > bad', 'bad.error > n'],
      }),
    );
    const phone = `+551198${String(Math.floor(Math.random() * 1e7)).padStart(7, '0')}`;
    const made = ok(await b.desk.owner.call('public.chatCreate', {}, { json: { contactType: 'whatsapp', contactValue: phone, channelId } }), 200);
    const chatId = made.str('chatId');
    ok(await b.client.post(b.path(`/chats/${chatId}/flow`), { flowId }), 201);
    const [row] = await b.settled(flowId, 'done');
    const session = await b.session(String(row?.['id']));
    expect(session.log.map((line) => [line['nodeId'], isObject(line['error']) ? line['error']['code'] : null])).toMatchObject([['start', null], ['free', 'WINDOW_CLOSED'], ['t', null], ['bad', expect.any(String)], ['n', null]]);
    const out = (await b.desk.messages(chatId)).filter((one) => one['direction'] === 'out' && one['kind'] === 'template');
    expect(out).toHaveLength(1);
    expect(out[0]).toMatchObject({ content: 'Olá, Ana! Tudo bem?' });
  });
});
