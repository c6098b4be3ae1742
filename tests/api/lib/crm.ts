/* Customers for tests: made over the API, every answer held against the OpenAPI document. */
import { expect } from 'vitest';
import { type Answer, type Client, type CallOptions, type JsonObject, isObject, ok } from './client.ts';
import { Document } from './document.ts';
import type { Organization } from './people.ts';

let documents: Promise<Document> | undefined;

/** Calls an operation of the document and checks that the answer is one that it describes. */
export class Caller {
  private constructor(
    readonly org: Organization,
    readonly client: Client,
    private readonly document: Document,
  ) {}

  static async of(org: Organization, client: Client = org.owner.client): Promise<Caller> {
    documents ??= Document.load(client.base);
    return new Caller(org, client, await documents);
  }

  as(client: Client): Caller {
    return new Caller(this.org, client, this.document);
  }

  async call(id: string, ids: Record<string, string> = {}, options: CallOptions = {}): Promise<Answer> {
    const operation = this.document.operation(id);
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'organizationId' ? this.org.id : (ids[name] ?? 'missing')));
    const answer = await this.client.call(operation.method, path, options);
    // An error may carry members of its own (customerId, version).
    const faults = this.document.faults(operation, answer).filter((one) => answer.status < 400 || !one.includes('additional properties'));
    expect(faults, `${id} → ${answer.status} ${answer.text.slice(0, 600)}`).toEqual([]);
    return answer;
  }

  /** A customer's id and body. */
  async make(json: JsonObject): Promise<{ id: string; body: JsonObject }> {
    const answer = ok(await this.call('customers.create', {}, { json }), 201);
    return { id: answer.str('id'), body: answer.json as JsonObject };
  }

  async get(customerId: string): Promise<JsonObject> {
    return ok(await this.call('customers.get', { customerId }), 200).json as JsonObject;
  }

  /** Names of a list's first page. */
  async names(query: CallOptions['query']): Promise<string[]> {
    return rows(ok(await this.call('customers.list', {}, query ? { query } : {}), 200)).map((row) => String(row['name']));
  }
}

export function rows(answer: Answer, member = 'items'): JsonObject[] {
  const list = answer.get(member);
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** Fields and codes of a refusal: ["contacts[0].value INVALID_PHONE"]. */
export function details(answer: Answer): string[] {
  return rows(answer, 'details').map((one) => `${String(one['field'])} ${String(one['code'])}`);
}

let next = Math.floor(Math.random() * 80_000);
/** A mobile number of São Paulo that nobody has yet, national notation. */
export function mobile(): string {
  next += 1;
  return `11 9843${String(next % 10)}-${String(Math.floor(next / 10) % 10_000).padStart(4, '0')}`;
}
export const email = (name = 'pessoa'): string => `${name}.${next++}.${Math.floor(Math.random() * 1e9).toString(36)}@example.com`;
