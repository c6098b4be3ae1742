/* Flows under test: made, published, run as a test with a clock of its own, or live in the web chat. */
import { type JsonObject, isObject, ok } from '../../api/lib/client.ts';
import { rows } from '../../api/lib/crm.ts';
import { Desk, type Row, Visitor } from '../../api/lib/inbox.ts';
import { unique } from '../../api/lib/people.ts';
import { until } from '../../api/lib/server.ts';

export interface Session extends JsonObject {
  id: string;
  status: string;
  transcript: JsonObject[];
  log: JsonObject[];
  vars: JsonObject;
}

export class Bench {
  constructor(readonly desk: Desk) {}

  get client() {
    return this.desk.org.owner.client;
  }
  path(rest: string): string {
    return this.desk.org.path(rest);
  }

  async make(kind = 'general', name = `Fluxo ${unique()}`): Promise<string> {
    return ok(await this.client.post(this.path('/flows'), { name, kind }), 201).str('id');
  }

  /** Into the draft, whatever stands there. */
  async draw(flowId: string, graph: JsonObject): Promise<void> {
    const flow = ok(await this.client.get(this.path(`/flows/${flowId}`)));
    ok(await this.client.call('PUT', this.path(`/flows/${flowId}/draft`), { json: { graph, revision: flow.get('draftRevision') } }));
  }

  /** Drawn, published, switched on. */
  async live(graph: JsonObject, more: JsonObject = {}, kind = 'general'): Promise<string> {
    const flowId = await this.make(kind);
    await this.publish(flowId, graph);
    ok(await this.client.call('PATCH', this.path(`/flows/${flowId}`), { json: { enabled: true, ...more } }));
    return flowId;
  }

  async publish(flowId: string, graph: JsonObject): Promise<void> {
    await this.draw(flowId, graph);
    ok(await this.client.post(this.path(`/flows/${flowId}/publish`), { note: '' }));
  }

  async remove(flowId: string): Promise<void> {
    ok(await this.client.call('DELETE', this.path(`/flows/${flowId}`)), 204);
  }

  async begin(flowId: string, body: JsonObject): Promise<Session> {
    return ok(await this.client.post(this.path(`/flows/${flowId}/tests/session`), body), 201).json as Session;
  }

  async act(session: string, what: string, body: JsonObject = {}): Promise<Session> {
    return ok(await this.client.post(this.path(`/flow-sessions/${session}/${what}`), body)).json as Session;
  }

  async session(id: string): Promise<Session> {
    return ok(await this.client.get(this.path(`/flow-sessions/${id}`))).json as Session;
  }

  async sessions(flowId: string, status?: string): Promise<Row[]> {
    return rows(ok(await this.client.get(this.path(`/flows/${flowId}/sessions`), status ? { status } : {})));
  }

  /** The newest session of a flow, once it has that status. */
  async settled(flowId: string, status: string, count = 1): Promise<Row[]> {
    return until(`${count} session(s) ${status}`, async () => {
      const found = (await this.sessions(flowId)).filter((one) => one['status'] === status);
      return found.length >= count ? found : undefined;
    });
  }

  async chat(chatId: string): Promise<Row> {
    return ok(await this.client.get(this.path(`/chats/${chatId}`))).json as Row;
  }

  /** What the visitor has been told so far. */
  async told(visitor: Visitor): Promise<string[]> {
    return (await visitor.messages()).filter((one) => one['from'] !== 'visitor' && one['kind'] !== 'event').map((one) => String(one['text']));
  }

  /** Waits until the visitor has been told so many things. */
  async hears(visitor: Visitor, count: number): Promise<string[]> {
    return until(`${count} message(s)`, async () => {
      const found = await this.told(visitor);
      return found.length >= count ? found : undefined;
    });
  }
}

/** Of a transcript what a customer sees and what happens, in one word each. */
export function shown(lines: readonly JsonObject[]): string[] {
  return lines
    .filter((line) => line['from'] !== 'customer')
    .map((line) => {
      const event = line['event'];
      if (isObject(event)) return `[${String(event['kind'])}] ${String(event['text'])}`.trim();
      const options = Array.isArray(line['options']) ? line['options'].filter(isObject).map((one) => String(one['title'])) : [];
      return String(line['text']) + (options.length > 0 && line['display'] !== 'numbers' ? ` (${options.join(' | ')})` : '');
    });
}
