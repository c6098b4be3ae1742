import { afterEach, describe, expect, it, vi } from 'vitest';
import { api, newKey, whenSignedOut, withQuery } from './client';
import { ApiError, fieldProblems } from './error';

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const fake = vi.fn(() =>
    Promise.resolve(
      new Response(body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body), {
        status,
        headers,
      }),
    ),
  );
  vi.stubGlobal('fetch', fake);
  return fake as unknown as { mock: { calls: [string, RequestInit & { headers: Record<string, string> }][] } };
}

async function failure(run: Promise<unknown>): Promise<ApiError> {
  try {
    await run;
  } catch (e) {
    if (e instanceof ApiError) return e;
    throw e;
  }
  throw new Error('did not fail');
}

afterEach(() => vi.unstubAllGlobals());

describe('client', () => {
  it('sends the CSRF header with everything that changes, and only then', async () => {
    const f = answer(200, {});
    await api.get('/api/me');
    await api.post('/api/x', { body: { a: 1 }, idempotencyKey: 'k' });
    await api.delete('/api/x');
    const sent = f.mock.calls.map(([, init]) => init.headers['X-Requested-With']);
    expect(sent).toEqual([undefined, 'interflow', 'interflow']);
    const post = f.mock.calls[1]?.[1];
    expect(post?.headers['Idempotency-Key']).toBe('k');
    expect(post?.headers['Content-Type']).toBe('application/json');
    expect(post?.body).toBe('{"a":1}');
  });

  it('reads an empty answer as nothing', async () => {
    answer(204, undefined);
    expect(await api.delete('/api/x')).toBeUndefined();
  });

  it('turns an error into its parts', async () => {
    answer(400, {
      success: false,
      error: 'E-mail wrong',
      code: 'VALIDATION',
      details: [
        { field: 'email', message: 'not an e-mail' },
        { field: 'email', message: 'second' },
      ],
      requestId: 'r1',
    });
    const e = await failure(api.post('/api/x'));
    expect([e.status, e.code, e.message, e.requestId]).toEqual([400, 'VALIDATION', 'E-mail wrong', 'r1']);
    expect(fieldProblems(e)).toEqual({ email: 'not an e-mail' });
    expect(e.retryable).toBe(false);
  });

  it("survives a proxy's page and keeps what to wait", async () => {
    answer(503, '<html>Bad gateway</html>', { 'Retry-After': '7', 'X-Request-Id': 'p9' });
    const e = await failure(api.get('/api/x'));
    expect([e.status, e.code, e.retryAfterSeconds, e.requestId, e.retryable]).toEqual([503, 'HTTP_503', 7, 'p9', true]);
  });

  it('tells cancelled, unreachable and signed out apart', async () => {
    const out = vi.fn();
    whenSignedOut(out);
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed to fetch')));
    expect((await failure(api.get('/api/x'))).code).toBe('NETWORK');
    const stop = new AbortController();
    stop.abort();
    expect((await failure(api.get('/api/x', { signal: stop.signal }))).code).toBe('ABORTED');
    expect(out).not.toHaveBeenCalled();
    answer(401, { code: 'LOGIN_FAILED' });
    await failure(api.post('/api/login'));
    expect(out).not.toHaveBeenCalled();
    answer(401, { code: 'UNAUTHORIZED' });
    expect((await failure(api.get('/api/x'))).status).toBe(401);
    expect(out).toHaveBeenCalledTimes(1);
  });

  it('builds queries without what is empty', () => {
    expect(
      withQuery('/a', { q: 'ação & cia', none: undefined, nil: null, empty: '', zero: 0, no: false, list: ['1', '2'] }),
    ).toBe('/a?q=a%C3%A7%C3%A3o+%26+cia&zero=0&no=false&list=1&list=2');
    expect(withQuery('/a?x=1', { y: 2 })).toBe('/a?x=1&y=2');
    expect(withQuery('/a', {})).toBe('/a');
  });

  it('makes keys that differ', () => {
    const keys = new Set(Array.from({ length: 100 }, newKey));
    expect(keys.size).toBe(100);
    for (const k of keys) expect(k).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
