/* Many visitors who talk with one flow while things are killed, and what each of their sessions must have become: the same as if nothing
   had been. Visitor number i writes "sou i"; what the flow asks is answered as soon as the database says that it waits, once, by the same
   client id until it is taken. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { type JsonObject, ok } from '../../api/lib/client.ts';
import { Visitor } from '../../api/lib/inbox.ts';
import { sleep, until } from '../../api/lib/server.ts';
import type { Bench } from './bench.ts';
import { graph } from './draw.ts';
import { type Mood, Peer, type Reply } from './peer.ts';

const run = promisify(execFile);

const bodyOf = (body: string): { n: number; conta: number } => JSON.parse(body) as { n: number; conta: number };

/** Orders of every tenth are refused for good; of the others each fifth meets something on its first call. */
const answer = (url: string, body: string): Reply => {
  if (url.startsWith('/cores/')) return { status: 200, body: { cor: decodeURIComponent(url.slice(7)) } };
  const { n, conta } = bodyOf(body);
  return n % 10 === 7 ? { status: 422, body: { erro: 'não' } } : { status: 201, body: { pedido: { numero: `P${n}-${conta}` } } };
};
const mood = (_url: string, body: string): Mood => (['fine', 'refused', 'slow', 'lost', 'fine'] as const)[bodyOf(body).n % 5] ?? 'fine';

const colour = (i: number): string => ['azul', 'verde', 'roxo & ouro'][i % 3] ?? '';
const twice = (i: number): boolean => i % 3 === 0;
const silentOnes = (i: number): boolean => i % 4 === 0;

const called = (base: string): JsonObject =>
  graph({
    variables: [{ name: 'conta', type: 'number' }, { name: 'n', type: 'number' }],
    nodes: [
      ['cq', 'question', { text: 'Cor?', kind: 'text', variable: 'cor' }],
      ['ch', 'http', { method: 'PUT', url: `${base}/cores/{{cor}}`, bodyType: 'json', body: '{"n": {{n}}, "conta": {{conta}}}', mapping: [{ path: 'cor', variable: 'eco' }], retries: 3 }],
      ['cs', 'set', { assignments: [{ name: 'conta', kind: 'expression', value: 'conta + 1' }] }],
    ],
    ways: ['start.next > cq', 'cq.next > ch', 'ch.next > cs'],
  });

const drawn = (base: string, calledId: string): JsonObject =>
  graph({
    triggers: [{ id: 't', kind: 'channel', enabled: true, priority: 0 }],
    variables: [{ name: 'conta', type: 'number', default: 0 }, { name: 'n', type: 'number' }, { name: 'total', type: 'number' }],
    nodes: [
      ['hi', 'message', { text: 'Oi, {{message.text}}' }],
      ['d1', 'delay', { mode: 'duration', durationMs: 1000 }],
      ['q', 'question', { text: 'Quanto?', kind: 'number', variable: 'n' }],
      ['s', 'set', { assignments: [{ name: 'total', kind: 'expression', value: 'n * 3' }, { name: 'conta', kind: 'expression', value: '(conta ?? 0) + 1' }] }],
      ['h', 'http', { method: 'POST', url: `${base}/pedidos`, bodyType: 'json', body: '{"n": {{n}}, "conta": {{conta}}}', mapping: [{ path: 'pedido.numero', variable: 'pedido' }], statusVariable: 'estado', retries: 3 }],
      ['no', 'message', { text: 'Recusado: {{estado}}' }],
      ['r', 'split', { weights: [{ id: 'a', title: 'A', weight: 1 }, { id: 'b', title: 'B', weight: 1 }] }],
      ['ma', 'message', { text: 'Lado A' }],
      ['mb', 'message', { text: 'Lado B' }],
      ['c', 'call', { flowId: calledId }],
      ['w', 'condition', { cases: [{ id: 'yes', title: '', when: { op: 'all', rows: [{ left: 'n % 4', type: 'number', op: 'equals', right: '0' }] } }] }],
      ['late', 'question', { text: 'Ainda aí?', kind: 'text', variable: 'nunca', timeoutMs: 1500 }],
      ['lm', 'message', { text: 'Até logo.' }],
      ['l', 'condition', { cases: [{ id: 'again', title: '', when: { op: 'all', rows: [{ left: 'n % 3', type: 'number', op: 'equals', right: '0' }, { left: 'conta', type: 'number', op: 'less', right: '3' }] } }] }],
      ['d2', 'delay', { mode: 'duration', durationMs: 1000 }],
      ['end', 'message', { text: 'Fim: {{n}} {{total}} {{conta}} {{cor}} {{pedido}}' }],
    ],
    ways: [
      'start.next > hi', 'hi.next > d1', 'd1.next > q', 'q.next > s', 's.next > h', 'h.next > r', 'h.error > no', 'no.next > r', 'r.a > ma', 'r.b > mb', 'ma.next > c', 'mb.next > c',
      'c.next > w', 'w.yes > late', 'w.else > l', 'late.timeout > lm', 'late.next > lm', 'lm.next > l', 'l.again > d2', 'd2.next > s', 'l.else > end',
    ],
  });

/** What visitor i sees and what the log says, when chance fell on these sides. */
function expected(i: number, sides: readonly string[]): { log: string[]; said: string[]; vars: JsonObject; calls: [url: string, body: string][] } {
  const log = ['start', 'hi', 'd1', 'd1.timeout', 'q', 'q.answered'];
  const said = [`> sou ${i}`, `Oi, sou ${i}`, 'Quanto?', `> ${i}`];
  const calls: [string, string][] = [];
  const refusedOne = i % 10 === 7;
  let conta = 0;
  for (let round = 0; round < (twice(i) ? 2 : 1); round++) {
    if (round > 0) log.push('d2', 'd2.timeout');
    log.push('s', 'h', 'h.http');
    conta++;
    calls.push(['POST /pedidos', `{"n": ${i}, "conta": ${conta}}`]);
    if (refusedOne) {
      log.push('no');
      said.push('Recusado: 422');
    }
    const side = sides[round] ?? '?';
    log.push('r', `m${side}`, 'c', 'start', 'cq', 'cq.answered', 'ch', 'ch.http', 'cs', 'c.returned', 'w');
    said.push(`Lado ${side.toUpperCase()}`, 'Cor?', `> ${colour(i)}`);
    calls.push([`PUT /cores/${encodeURIComponent(colour(i))}`, `{"n": ${i}, "conta": ${conta}}`]);
    conta++;
    if (silentOnes(i)) {
      log.push('late', 'late.timeout', 'lm');
      said.push('Ainda aí?', 'Até logo.');
    }
    log.push('l');
  }
  const pedido = refusedOne ? {} : { pedido: `P${i}-${conta - 1}` };
  log.push('end');
  said.push(`Fim: ${i} ${3 * i} ${conta} ${colour(i)} ${refusedOne ? '' : `P${i}-${conta - 1}`}`.trimEnd());
  return { log, said, vars: { n: i, total: 3 * i, conta, cor: colour(i), eco: colour(i), estado: refusedOne ? 422 : 201, ...pedido }, calls };
}

interface Stored {
  id: string;
  chat: string;
  status: string;
  how: string;
  vars: JsonObject;
  calls: number;
  error: unknown;
  log: { n: number; what: string; port: string | null }[];
  said: { seq: number; text: string }[];
  owner: string;
  flow: unknown;
}

export class Crowd {
  private readonly visitors = new Map<string, { i: number; visitor: Visitor }>();
  private readonly answered = new Set<string>();
  private going = true;
  private flowId = '';

  private constructor(
    private readonly bench: Bench,
    readonly peer: Peer,
    readonly count: number,
  ) {}

  static async make(bench: Bench, count: number): Promise<Crowd> {
    const crowd = new Crowd(bench, await Peer.start(answer, mood), count);
    const calledId = await bench.live(called(crowd.peer.url));
    crowd.flowId = await bench.live(drawn(crowd.peer.url, calledId));
    return crowd;
  }

  /** Asks the database; undefined while there is none. */
  async ask<T>(statement: string): Promise<T | undefined> {
    const where = `host=${this.bench.desk.server.dataDir}/run user=interflow dbname=interflow`;
    try {
      const { stdout } = await run('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', statement, where], { maxBuffer: 1 << 29 });
      return JSON.parse(stdout) as T;
    } catch {
      return undefined;
    }
  }

  /** The same message until it is taken. */
  private async say(visitor: Visitor, text: string, clientId: string): Promise<JsonObject> {
    return until(`"${text}" to be taken`, async () => {
      const got = await visitor.write(text, { clientId }).catch(() => undefined);
      if (got && got.status >= 400 && got.status < 500 && got.status !== 429) throw new Error(got.text);
      return got && got.status < 300 ? (got.json as JsonObject) : undefined;
    }, 120_000, 150);
  }

  private async arrive(i: number): Promise<void> {
    const visitor = await until('a visitor', () => Visitor.of(this.bench.desk.server.url, this.bench.desk.channel.key).catch(() => undefined), 120_000, 150);
    const message = await this.say(visitor, `sou ${i}`, `crowd-first-${i}`);
    this.visitors.set(String(message['chatId']), { i, visitor });
  }

  /** Answers what is asked, until stopped. Nobody is answered before all are there: all of them run at once. */
  private async attend(): Promise<void> {
    while (this.going) {
      const waiting = this.visitors.size < this.count ? [] : await this.ask<{ chat: string; node: string; steps: number }[]>(
        `select coalesce(json_agg(json_build_object('chat', chat_id, 'node', node, 'steps', steps)), '[]') from flow_sessions where flow_id = '${this.flowId}' and status = 'waiting' and node in ('q', 'cq')`,
      );
      const due = (waiting ?? []).filter((one) => !this.answered.has(`${one.chat}.${one.steps}`));
      await each(16, due, async ({ chat, node, steps }) => {
        const who = this.visitors.get(chat);
        if (!who) return;
        this.answered.add(`${chat}.${steps}`);
        await this.say(who.visitor, node === 'q' ? String(who.i) : colour(who.i), `crowd-answer-${who.i}-${steps}`);
      });
      await sleep(200);
    }
  }

  /** All of them, from their first word to the end of their sessions. */
  async talk(limitMs: number): Promise<void> {
    let failure: unknown;
    const attending = this.attend().catch((error: unknown) => (failure = error));
    try {
      await each(16, Array.from({ length: this.count }, (_, i) => i), (i) => this.arrive(i));
      await until('all sessions to end', async () => {
        const left = await this.ask<number>(`select ${this.count} - count(*) from flow_sessions where flow_id = '${this.flowId}' and ended_at is not null`);
        return failure !== undefined || (left !== undefined && left <= 0);
      }, limitMs, 500);
    } finally {
      this.going = false;
      await attending;
    }
    if (failure) throw failure;
  }

  /** How many sessions have ended, and how many there are. */
  async progress(): Promise<{ ended: number; all: number } | undefined> {
    return this.ask(`select json_build_object('ended', count(*) filter (where ended_at is not null), 'all', count(*)) from flow_sessions where flow_id = '${this.flowId}'`);
  }

  async judge(): Promise<void> {
    const stored = (await this.ask<Stored[]>(`
      select coalesce(json_agg(json_build_object('id', s.id, 'chat', s.chat_id, 'status', s.status, 'how', s.ended_how, 'vars', s.vars, 'calls', s.calls, 'error', s.error,
        'owner', c.owner, 'flow', c.flow,
        'log', (select json_agg(json_build_object('n', t.n, 'port', t.port, 'what', t.node || case t.what when 'entered' then '' else '.' || t.what end) order by t.n)
                from flow_steps t where t.org_id = s.org_id and t.session_id = s.id),
        'said', (select json_agg(json_build_object('seq', m.seq, 'text', case m.direction when 'in' then '> ' else '' end || m.content) order by m.seq)
                 from messages m where m.org_id = s.org_id and m.chat_id = s.chat_id and m.seq > 0))), '[]')
      from flow_sessions s join chats c on c.org_id = s.org_id and c.id = s.chat_id where s.flow_id = '${this.flowId}'`)) ?? [];
    expect(stored.length).toBe(this.count);
    expect(new Set(stored.map((one) => one.chat)).size).toBe(this.count);
    let deeds = 0;
    for (const one of stored) {
      const { i } = this.visitors.get(one.chat) ?? { i: -1 };
      const drawnSides = one.log.filter((line) => line.what === 'r').map((line) => line.port ?? '');
      const want = expected(i, drawnSides);
      const got = { i, status: one.status, how: one.how, error: one.error, owner: one.owner, flow: one.flow, log: one.log.map((line) => line.what), numbers: one.log.map((line) => line.n), said: one.said.map((line) => line.text.trimEnd()), seqs: one.said.map((line) => line.seq), vars: one.vars };
      expect(got).toEqual({
        i, status: 'done', how: 'end', error: null, owner: 'human', flow: null,
        log: want.log, numbers: want.log.map((_, n) => n + 1), said: want.said, seqs: want.said.map((_, n) => n + 1), vars: want.vars,
      });
      // The peer did each thing once: one key, one body, whatever was repeated.
      expect(one.calls).toBe(want.calls.length);
      for (const [n, [what, body]] of want.calls.entries()) {
        expect([...(this.peer.deeds.get(`${one.id}:${n + 1}`)?.bodies ?? [])]).toEqual([`${what}\n${body}`]);
        deeds++;
      }
    }
    expect(this.peer.nameless).toBe(0);
    expect(this.peer.deeds.size).toBe(deeds);
    await this.judgeRest();
    await this.judgeWidgets();
  }

  /** Nothing is left over, nothing was told twice, the counts of nodes are those of the log. */
  private async judgeRest(): Promise<void> {
    const { desk } = this.bench;
    await until('no job to be left', () => {
      // What a dead worker held waits for the end of its lease: not here.
      desk.sql("update jobs set lease_until = now() - interval '1 second' where state = 'running' and not recurring and kind not like 'flow.%' and lease_until < now() + interval '58 seconds'");
      return desk.sql("select count(*) from jobs where not recurring and (kind like 'flow.%' or kind = 'message.send')") === '0';
    }, 60_000, 500);
    expect(desk.sql("select coalesce(string_agg(kind, ','), '') from jobs where state = 'parked'")).toBe('');
    expect(desk.sql("select count(*) from messages where direction = 'out' and status <> 'sent'")).toBe('0');
    const once = (what: string, id: string): string => `select count(*) from (select ${id} from events where ${what} group by 1 having count(*) > 1) x`;
    expect(desk.sql(once("type = 'message.created'", "payload->'message'->>'id'"))).toBe('0');
    expect(desk.sql(once("type = 'flow.session' and payload->>'status' = 'done'", "payload->>'sessionId'"))).toBe('0');
    const counted = `select coalesce(sum(n), 0) from flow_counts where what = 'entered'`;
    const logged = desk.sql(`select count(*) from flow_steps where what = 'entered'`);
    await until('the counts to be rolled up', () => {
      desk.sql("update jobs set due_at = now() where kind = 'flow.roll' and state = 'waiting'");
      return Number(desk.sql(counted)) >= Number(logged);
    }, 60_000, 500);
    expect(desk.sql(counted)).toBe(logged);
  }

  /** What the widget shows to some of them is the same. */
  private async judgeWidgets(): Promise<void> {
    const some = [...this.visitors.values()].filter((_, n) => n % Math.ceil(this.count / 20) === 0);
    await each(4, some, async ({ i, visitor }) => {
      const lines = ok(await visitor.call('GET', '/messages')).get('items') as JsonObject[];
      const shown = lines.filter((one) => one['kind'] !== 'event').map((one) => `${one['from'] === 'visitor' ? '> ' : ''}${String(one['text'])}`.trimEnd());
      const sides = shown.filter((line) => line.startsWith('Lado ')).map((line) => line.slice(5).toLowerCase());
      expect(shown).toEqual(expected(i, sides).said);
    });
  }
}

/** For each of the list, so many at a time. */
export async function each<T>(atOnce: number, list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(atOnce, list.length) }, async () => {
      while (next < list.length) {
        const one = list[next++];
        if (one !== undefined) await work(one);
      }
    }),
  );
}
