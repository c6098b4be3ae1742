/* What golden runs name: teams, tags, stages, files, other flows; made when first named, once for each run. */
import { type Json, type JsonObject, isObject, ok } from '../../api/lib/client.ts';
import { png } from '../../api/lib/inbox.ts';
import { unique } from '../../api/lib/people.ts';
import type { Bench } from './bench.ts';
import { type GraphWords, graph } from './draw.ts';

const pdf = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');

export class Things {
  /** Of the whole organization: names of tags and teams are theirs alone. */
  private static readonly known = new WeakMap<object, Map<string, Json>>();
  private readonly flows = new Map<string, string>();

  private constructor(
    private readonly bench: Bench,
    private readonly made: Map<string, Json>,
  ) {}

  static async of(bench: Bench): Promise<Things> {
    const made = Things.known.get(bench.desk) ?? new Map<string, Json>();
    Things.known.set(bench.desk, made);
    return new Things(bench, made);
  }

  private async post(path: string, body: JsonObject): Promise<string> {
    const answer = ok(await this.bench.client.post(this.bench.path(path), body), 201).json;
    const made = isObject(answer) && isObject(answer['data']) ? answer['data'] : answer;
    return String(isObject(made) ? made['id'] : '');
  }

  /** What an organization begins with. */
  private async named(path: string, name: string): Promise<Json | undefined> {
    const answer = ok(await this.bench.client.get(this.bench.path(path))).json;
    const list = isObject(answer) ? (answer['data'] ?? answer['items']) : answer;
    return Array.isArray(list) ? list.filter(isObject).find((one) => one['name'] === name)?.['id'] : undefined;
  }

  private async make(kind: string, name: string, more: JsonObject): Promise<Json> {
    const { desk } = this.bench;
    switch (kind) {
      case 'team':
        return this.post('/teams', { name, ...more });
      case 'tag':
        return (await this.named('/tags', name)) ?? (await this.post('/tags', { name }));
      case 'stage': {
        const funnelId = await this.post('/funnels', { name: `Funil ${unique()}` });
        return this.post(`/funnels/${funnelId}/stages`, { name });
      }
      case 'closureType':
        return (await this.named('/closure-types', name)) ?? (await desk.closureType({ name, ...more }));
      case 'file':
        return { ...(await this.upload(name)) };
      case 'mailbox':
        return desk.reaches('email');
      default:
        throw new Error(`what is $${kind}?`);
    }
  }

  private async upload(kind: string): Promise<{ fileId: string; name: string; mimeType: string; size: number }> {
    const [name, mimeType, content] = kind === 'image' ? ['foto.png', 'image/png', png] : ['lista.pdf', 'application/pdf', pdf];
    const fileId = await this.bench.desk.upload(undefined, name, content);
    return { fileId, name, mimeType, size: content.length };
  }

  async file(kind: string): Promise<{ fileId: string }> {
    return (await this.id('file', kind)) as { fileId: string };
  }

  async id(kind: string, name: string, more: JsonObject = {}): Promise<Json> {
    const key = `${kind}.${name}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const made = await this.make(kind, name, more);
    this.made.set(key, made);
    return made;
  }

  /** A live flow, which may call itself: it is live before it is drawn. */
  async live(name: string, words: GraphWords): Promise<void> {
    const flowId = await this.bench.live(graph({ nodes: [['a', 'message', { text: '.' }]], ways: ['start.next > a'] }), { name: `${name} ${unique()}` });
    this.flows.set(name, flowId);
    await this.bench.publish(flowId, (await this.put(graph(words))) as JsonObject);
  }

  /** With ids instead of names. */
  async put(value: Json): Promise<Json> {
    if (typeof value === 'string') return this.word(value);
    if (Array.isArray(value)) {
      const list: Json[] = [];
      for (const one of value) list.push(await this.put(one)); // one after the other: what is made is made once
      return list;
    }
    if (!isObject(value)) return value;
    const out: JsonObject = {};
    for (const [key, one] of Object.entries(value)) out[key] = await this.put(one);
    return out;
  }

  private async word(text: string): Promise<Json> {
    const { owner } = this.bench.desk.org;
    if (text === '$gone') return '01890000-0000-7000-8000-000000000000';
    if (text === '$me') return owner.userId;
    if (text.includes('$myName')) return text.replace('$myName', owner.name);
    const [, kind = '', name = ''] = /^\$(team|tag|stage|closureType|file|mailbox|flow)(?:\.(.+))?$/.exec(text) ?? [];
    if (kind === '') return text;
    if (kind !== 'flow') return this.id(kind, name);
    const flowId = this.flows.get(name);
    if (!flowId) throw new Error(`no flow ${name}`);
    return flowId;
  }
}
