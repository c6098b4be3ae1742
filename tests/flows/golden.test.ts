/* Golden runs: scripted conversations (golden/*.json) on the engine and its database, with a clock that stands until it is moved. A file:

   {"name", "channelKind"?, "at"?, "graph": {nodes: [[id, type, data, name?]], ways: ["from.port > to"], variables?, settings?}, "customer"?,
    "trigger"?, "teams"?: {name: more of it}, "flows"?: {name: graph of a live one},
    "script": [{"begin": true | "say" | "option" | "file" | "skip" | "http", "expect": [what is shown], "status"?, "vars"?, "lacks"?: [variables that are not set], "node"?, "error"?,
                "clock"?, "noted"?: {node: what its last line in the log holds}, "errors"?: {node: code of its last line},
                "request"?: the call that waits for its answer}]}

   The first step of a script is the beginning itself. In graphs "$team.X", "$tag.X", "$stage.X", "$closureType.X", "$field.X", "$flow.X", "$mailbox" are ids
   (slugs) of things that are made with that name, "$me" is whoever tests, "$gone" is the id of nothing, "$file.image" a file.
   Together the runs go out of every port of every kind of node: the last test says which are missing. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type JsonObject, isObject, ok } from '../api/lib/client.ts';
import { rows } from '../api/lib/crm.ts';
import { house } from '../api/lib/inbox.ts';
import { Bench, type Session, shown } from './lib/bench.ts';
import { type GraphWords, graph } from './lib/draw.ts';
import { Things } from './lib/things.ts';

interface Step {
  begin?: boolean;
  say?: string;
  option?: string;
  file?: string;
  skip?: number;
  http?: JsonObject;
  expect?: string[];
  status?: string;
  vars?: JsonObject;
  lacks?: string[];
  node?: string;
  error?: string;
  clock?: string;
  noted?: Record<string, JsonObject>;
  errors?: Record<string, string>;
  request?: JsonObject;
}
interface Golden {
  name: string;
  channelKind?: string;
  at?: string;
  teams?: Record<string, JsonObject>;
  flows?: Record<string, GraphWords>;
  graph: GraphWords;
  customer?: JsonObject;
  trigger?: JsonObject;
  script: Step[];
}

const folder = join(import.meta.dirname, 'golden');
const all = house();

/** "type.port" of what was gone out by, and "type" of what was stood in. */
const gone = new Set<string>();

function remember(session: Session): void {
  for (const line of session.log) {
    gone.add(String(line['type']));
    if (line['port']) gone.add(`${String(line['type'])}.${String(line['port'])}`);
  }
}

const lastOf = (session: Session, node: string): JsonObject | undefined => session.log.filter((line) => line['nodeId'] === node).at(-1);

async function play(bench: Bench, things: Things, flowId: string, golden: Golden): Promise<void> {
  for (const [name, more] of Object.entries(golden.teams ?? {})) await things.id('team', name, more);
  for (const [name, words] of Object.entries(golden.flows ?? {})) await things.live(name, words);
  let session: Session | undefined;
  let seen = 0;
  for (const [i, step] of golden.script.entries()) {
    if (!session)
      session = await bench.begin(flowId, {
        channelKind: golden.channelKind ?? 'webchat',
        graph: (await things.put(graph(golden.graph))) as JsonObject,
        clock: golden.at ?? '2026-03-02T12:00:00Z',
        ...(golden.customer ? { customer: golden.customer } : {}),
        ...(golden.trigger ? { trigger: golden.trigger } : {}),
      });
    else if (step.say !== undefined) session = await bench.act(session.id, 'say', { text: step.say });
    else if (step.option !== undefined) session = await bench.act(session.id, 'say', { optionId: step.option });
    else if (step.file !== undefined) session = await bench.act(session.id, 'say', { text: '', fileId: (await things.file(step.file)).fileId });
    else if (step.skip !== undefined) session = await bench.act(session.id, 'skip', { ms: step.skip });
    else if (step.http) session = await bench.act(session.id, 'answer-http', step.http);
    const where = `step ${i + 1} (${JSON.stringify(step).slice(0, 80)})`;
    remember(session);
    const lines = shown(session.transcript);
    if (step.expect) expect(lines.slice(seen), where).toEqual(await things.put(step.expect));
    seen = lines.length;
    if (step.status) expect(session.status, where).toBe(step.status);
    if (step.node) expect(session['nodeId'], where).toBe(step.node);
    if (step.vars) expect(session.vars, where).toMatchObject(step.vars);
    for (const name of step.lacks ?? []) expect(session.vars, where).not.toHaveProperty(name);
    if (step.error) expect(session['error'], where).toMatchObject({ code: step.error });
    if (step.request) expect(isObject(session['wait']) ? session['wait']['request'] : undefined, where).toMatchObject(step.request);
    if (step.clock) expect(session['clock'], where).toBe(step.clock);
    for (const [node, data] of Object.entries(step.noted ?? {})) expect(lastOf(session, node)?.['data'], where).toMatchObject(data);
    for (const [node, code] of Object.entries(step.errors ?? {})) expect(lastOf(session, node)?.['error'], where).toMatchObject({ code });
  }
}

describe('golden runs', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')).sort()) {
    const list = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Golden[];
    describe(file.replace('.json', ''), () => {
      for (const golden of list)
        test(golden.name, async () => {
          const bench = new Bench(all.desk);
          await play(bench, await Things.of(bench), await bench.make(), golden);
        });
    });
  }

  test('together they go out of every port of every kind of node', async () => {
    const missing: string[] = [];
    for (const row of rows(ok(await all.desk.org.owner.client.get(all.desk.org.path('/flow-nodes'))))) {
      const type = String(row['type']);
      if (!gone.has(type)) missing.push(type);
      for (const port of Array.isArray(row['ports']) ? row['ports'].filter(isObject) : [])
        if (!gone.has(`${type}.${String(port['id'])}`)) missing.push(`${type}.${String(port['id'])}`);
      const fixed = new Set((Array.isArray(row['ports']) ? row['ports'].filter(isObject) : []).map((one) => String(one['id'])));
      const options = [...gone].filter((one) => one.startsWith(`${type}.`) && !fixed.has(one.slice(type.length + 1)));
      if (row['portsField'] && options.length === 0) missing.push(`${type}.<${String(row['portsField'])}>`);
    }
    expect(missing).toEqual([]);
  });
});
