/* The one way to the server. JSON in and out, the session in a cookie, a header that other sites cannot send on
   everything that changes something (CSRF), errors as ApiError. Uploads go through XMLHttpRequest, because fetch
   cannot tell how far a body has gone. Nothing here retries: who calls knows whether that is safe. */
import { ApiError, errorFrom } from './error';

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

export interface CallOptions {
  query?: Query | undefined;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Key made once per intent and kept over retries, see newKey(). */
  idempotencyKey?: string | undefined;
  /** Give up after so long; 30 s unless said otherwise. */
  timeoutMs?: number | undefined;
  /** Goes on when the page closes; the browser takes only small ones, larger ones go as always. */
  keepalive?: boolean | undefined;
}

const keepaliveMax = 60_000;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const csrf = { 'X-Requested-With': 'interflow' } as const;

let onSignedOut: (() => void) | undefined;

/** Called once by the session: what to do when an answer says that nobody is signed in any more. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

/** A fresh idempotency key (UUID v4, also on pages without a secure context). */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40;
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...b].map((x) => x.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The address with its query; empty values are left out, lists repeat the name. */
export function withQuery(url: string, query: Query | undefined): string {
  if (!query) return url;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    if (Array.isArray(value)) for (const one of value as readonly string[]) params.append(name, one);
    else params.append(name, String(value));
  }
  const text = params.toString();
  return text ? `${url}${url.includes('?') ? '&' : '?'}${text}` : url;
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function failed(error: ApiError): ApiError {
  /* Other 401 codes speak of a password or code that was just typed. */
  if (error.status === 401 && error.code === 'UNAUTHORIZED') onSignedOut?.();
  return error;
}

async function call<T>(method: Method, url: string, options: CallOptions = {}): Promise<T> {
  const limit = AbortSignal.timeout(options.timeoutMs ?? 30_000);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') Object.assign(headers, csrf);
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;
  const init: RequestInit = { method, headers, signal, credentials: 'same-origin', cache: 'no-store' };
  if (options.body instanceof FormData) {
    init.body = options.body;
  } else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(options.body);
    if (options.keepalive && new Blob([init.body]).size < keepaliveMax) init.keepalive = true;
  }
  let response: Response;
  let text: string;
  try {
    response = await fetch(withQuery(url, options.query), init);
    text = await response.text();
  } catch (cause) {
    if (options.signal?.aborted) throw new ApiError({ status: 0, code: 'ABORTED', message: 'aborted' });
    if (limit.aborted) throw new ApiError({ status: 0, code: 'TIMEOUT', message: 'timed out' });
    throw new ApiError({ status: 0, code: 'NETWORK', message: String(cause) });
  }
  const body = parse(text);
  if (!response.ok) throw failed(errorFrom(response.status, body, (name) => response.headers.get(name)));
  return body as T;
}

export const api = {
  get: <T>(url: string, options?: CallOptions) => call<T>('GET', url, options),
  post: <T>(url: string, options?: CallOptions) => call<T>('POST', url, options),
  put: <T>(url: string, options?: CallOptions) => call<T>('PUT', url, options),
  patch: <T>(url: string, options?: CallOptions) => call<T>('PATCH', url, options),
  delete: <T = void>(url: string, options?: CallOptions) => call<T>('DELETE', url, options),
};

export interface UploadOptions {
  fields?: Record<string, string> | undefined;
  fileField?: string | undefined;
  signal?: AbortSignal | undefined;
  idempotencyKey?: string | undefined;
  /** Bytes gone and bytes in all. */
  onprogress?: ((sent: number, total: number) => void) | undefined;
}

/** Sends one file as multipart/form-data, telling its progress; aborting the signal stops it. */
export function upload<T>(url: string, file: Blob, name: string, options: UploadOptions = {}): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const aborted = () => new ApiError({ status: 0, code: 'ABORTED', message: 'aborted' });
    if (options.signal?.aborted) return reject(aborted());
    const form = new FormData();
    for (const [key, value] of Object.entries(options.fields ?? {})) form.append(key, value);
    form.append(options.fileField ?? 'file', file, name);
    const xhr = new XMLHttpRequest();
    xhr.open('POST', url);
    xhr.setRequestHeader('X-Requested-With', csrf['X-Requested-With']);
    xhr.setRequestHeader('Accept', 'application/json');
    if (options.idempotencyKey) xhr.setRequestHeader('Idempotency-Key', options.idempotencyKey);
    xhr.upload.onprogress = (e) => options.onprogress?.(e.loaded, e.lengthComputable ? e.total : file.size);
    xhr.onload = () => {
      const body = parse(xhr.responseText);
      if (xhr.status >= 200 && xhr.status < 300) resolve(body as T);
      else reject(failed(errorFrom(xhr.status, body, (header) => xhr.getResponseHeader(header))));
    };
    xhr.onerror = () => reject(new ApiError({ status: 0, code: 'NETWORK', message: 'network' }));
    xhr.onabort = () => reject(aborted());
    options.signal?.addEventListener('abort', () => xhr.abort(), { once: true });
    xhr.send(form);
  });
}
