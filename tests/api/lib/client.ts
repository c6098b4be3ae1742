/* A caller of the API: a browser with its cookie, an integration with its key, or nobody. Each has a client address of
   its own (the server believes X-Forwarded-For of 127.0.0.1), so that the limits per address of one test are not
   those of another. */
import { expect } from 'vitest';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface CallOptions {
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
  json?: unknown;
  /** Sent as it is. */
  body?: BodyInit;
  headers?: Record<string, string>;
  idempotencyKey?: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body, undefined when it is not JSON. */
  json: Json | undefined;
  /** Member of an object body, checked to be there. */
  get(name: string): Json;
  str(name: string): string;
}

class PlainAnswer implements Answer {
  readonly json: Json | undefined;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;

  constructor(status: number, headers: Headers, text: string) {
    this.status = status;
    this.headers = headers;
    this.text = text;
    try {
      this.json = text ? (JSON.parse(text) as Json) : undefined;
    } catch {
      this.json = undefined;
    }
  }

  get(name: string): Json {
    const value = isObject(this.json) ? this.json[name] : undefined;
    if (value === undefined) throw new Error(`no ${name} in ${this.status} ${this.text.slice(0, 500)}`);
    return value;
  }

  str(name: string): string {
    const value = this.get(name);
    if (typeof value !== 'string') throw new Error(`${name} is no text in ${this.text.slice(0, 500)}`);
    return value;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

let addresses = Math.floor(Math.random() * 0xffff);
const nextAddress = (): string => {
  addresses = (addresses + 1) % 0xfffff;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
};

export class Client {
  readonly address = nextAddress();
  private cookies = new Map<string, string>();

  constructor(
    readonly base: string,
    readonly key?: string,
  ) {}

  /** The same login, for another place in the code. */
  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  headers(): Record<string, string> {
    const headers: Record<string, string> = { 'X-Forwarded-For': this.address };
    if (this.key) headers['X-Api-Key'] = this.key;
    else headers['X-Requested-With'] = 'interflow';
    if (this.cookies.size > 0) headers['Cookie'] = this.cookieHeader;
    return headers;
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value === undefined) continue;
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    const headers = this.headers();
    let body = options.body;
    if (options.json !== undefined) {
      headers['Content-Type'] = 'application/json';
      body = JSON.stringify(options.json);
    }
    if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;
    Object.assign(headers, options.headers);
    const response = await fetch(url, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) });
    for (const cookie of response.headers.getSetCookie()) this.keepCookie(cookie);
    return new PlainAnswer(response.status, response.headers, await response.text());
  }

  get(path: string, query?: CallOptions['query']): Promise<Answer> {
    return this.call('GET', path, query ? { query } : {});
  }
  post(path: string, json?: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.call('POST', path, { ...options, ...(json === undefined ? {} : { json }) });
  }
  put(path: string, json?: unknown): Promise<Answer> {
    return this.call('PUT', path, { json });
  }
  patch(path: string, json?: unknown): Promise<Answer> {
    return this.call('PATCH', path, { json });
  }
  delete(path: string): Promise<Answer> {
    return this.call('DELETE', path);
  }

  private keepCookie(text: string): void {
    const [pair = ''] = text.split(';');
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    if (value === '' || /max-age=0/i.test(text)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** The answer's status, with the body in the words of the failure. */
export function ok(answer: Answer, status?: number): Answer {
  const good = status === undefined ? answer.status >= 200 && answer.status < 300 : answer.status === status;
  expect(good, `expected ${status ?? '2xx'}, got ${answer.status} ${answer.text.slice(0, 1000)}`).toBe(true);
  return answer;
}

/** An error of the one documented shape. */
export function refused(answer: Answer, status: number, code?: string): Answer {
  expect(answer.status, answer.text.slice(0, 1000)).toBe(status);
  expect(answer.json).toMatchObject({ success: false, error: expect.any(String), code: expect.any(String), details: expect.any(Array) });
  expect(answer.get('requestId')).toBe(answer.headers.get('x-request-id'));
  if (code) expect(answer.get('code')).toBe(code);
  return answer;
}
