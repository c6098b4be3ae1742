/* The HTTP side: reads a call, keeps it, lets faults have their way, finds the node and its edge, writes the answer in
   the platform's way. One port plays all hosts: a path may begin with the host's name (/graph.instagram.com/v25.0/me),
   then the call is also checked for belonging there; without it the token tells. */
import { createServer } from 'node:http';
import { GraphError, invalid, noObject, refusal } from './errors.mjs';
import { writeJson } from './encode.mjs';
import { faultError, faultForStatus, takeFault } from './faults.mjs';
import { parseMultipart } from './multipart.mjs';
import { trace } from './world.mjs';

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { Call, Fault, Json, Token } from './types.ts' */
/** @import { World } from './world.mjs' */

/** @typedef {{ status?: number, body?: Json, bytes?: Buffer, type?: string, html?: string, headers?: Record<string, string>, stream?: (res: ServerResponse) => void }} Answer */
/**
 * A call on its way through a handler. `args` are query and body together, JSON in form fields already read.
 * @typedef {{ call: Call, node: string, edge: string, rest: string[], args: Json, failLater?: Json }} Req
 */
/** @typedef {(w: World, r: Req) => Answer | Json | Promise<Answer | Json>} Handler */

const prefixes = /** @type {Record<string, string>} */ ({
  'graph.facebook.com': 'graph',
  'graph.instagram.com': 'instagram',
  'api.instagram.com': 'instagram-api',
  'www.facebook.com': 'dialog',
  'm.facebook.com': 'dialog',
  'business.facebook.com': 'dialog',
  'www.instagram.com': 'dialog',
  'lookaside.fbsbx.com': 'media',
  'connect.facebook.net': 'dialog',
  foreign: 'foreign',
});
const bodyMax = 130 * 1024 * 1024;
/** What belongs to nobody's version. */
const unversioned = /^\/(whatsapp_business\/|cdn\/|oauth\/|dialog\/|access_token|refresh_access_token|-\/|en_US\/|favicon|$)/;

/** Wraps an answer that is not JSON 200. @param {Answer} answer */
export const answer = (answer) => new Answered(answer);
export class Answered {
  /** @param {Answer} a */
  constructor(a) {
    this.answer = a;
  }
}

/** @param {string} value */
function jsonish(value) {
  if (!/^\s*[[{"]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** @param {IncomingMessage} req @returns {Promise<Buffer>} */
function readAll(req) {
  return new Promise((done, fail) => {
    /** @type {Buffer[]} */
    const parts = [];
    let size = 0;
    req.on('data', (part) => {
      size += part.length;
      if (size <= bodyMax) parts.push(part);
    });
    req.on('end', () => (size > bodyMax ? fail(new Error('body too large')) : done(Buffer.concat(parts))));
    req.on('error', fail);
    req.on('aborted', () => fail(new Error('aborted')));
  });
}

/** @param {World} w @param {IncomingMessage} req @param {Buffer} raw @returns {{ call: Call, broken: string | undefined }} */
function readCall(w, req, raw) {
  const url = new URL(req.url ?? '/', 'http://x');
  const parts = url.pathname.split('/').filter((p) => p !== '');
  const area = prefixes[parts[0] ?? ''];
  if (area) parts.shift();
  const version = /^v\d+\.\d+$/.test(parts[0] ?? '') ? (parts.shift() ?? '') : '';
  /** @type {Record<string, string>} */
  const headers = {};
  for (const [name, value] of Object.entries(req.headers)) headers[name] = String(value);
  const query = Object.fromEntries(url.searchParams);
  const type = headers['content-type'] ?? '';
  /** @type {Json} */
  let body;
  /** @type {Call['files']} */
  let files = [];
  let broken;
  if (raw.length > 0) {
    if (/^multipart\/form-data/i.test(type)) {
      const form = parseMultipart(raw, type);
      if (!form) broken = 'multipart';
      else {
        files = form.files;
        body = Object.fromEntries(Object.entries(form.fields).map(([k, v]) => [k, jsonish(v)]));
      }
    } else if (/^application\/x-www-form-urlencoded/i.test(type)) {
      body = Object.fromEntries([...new URLSearchParams(raw.toString('utf8'))].map(([k, v]) => [k, jsonish(v)]));
    } else if (/json/i.test(type)) {
      try {
        body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
      } catch {
        broken = 'json';
      }
    } else {
      broken = 'type';
    }
  }
  const authorization = /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(headers['authorization'] ?? '');
  const tokenText =
    authorization?.[1] ?? query['access_token'] ?? (body && typeof body.access_token === 'string' ? body.access_token : undefined);
  return {
    broken,
    call: {
      n: w.calls.length + 1,
      at: w.now(),
      method: req.method ?? 'GET',
      host: headers['host'] ?? '',
      area: area ?? '',
      path: `/${parts.join('/')}`,
      version,
      query,
      headers,
      body,
      raw,
      files,
      tokenText,
      token: tokenText === undefined ? undefined : w.tokens.get(tokenText),
    },
  };
}

/** The token of a call, or the refusal that the platform gives. @param {World} w @param {Req} r @returns {Token} */
export function needToken(w, r) {
  const { tokenText, token } = r.call;
  if (tokenText === undefined) throw refusal(104, undefined, {});
  if (!token || (r.call.area === 'graph' && token.kind === 'instagram') || (r.call.area === 'instagram' && token.kind !== 'instagram'))
    throw refusal(190, undefined, { message: 'Invalid OAuth access token - Cannot parse access token', whatsapp: false });
  if (token.revoked)
    throw refusal(190, undefined, {
      subcode: 460,
      message:
        'Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.',
      whatsapp: false,
    });
  if (token.expiresAt > 0 && token.expiresAt <= w.now())
    throw refusal(190, undefined, {
      subcode: 463,
      message: `Error validating access token: Session has expired on ${new Date(token.expiresAt).toUTCString()}. The current time is ${new Date(w.now()).toUTCString()}.`,
      whatsapp: false,
    });
  if (r.call.query['access_token'] !== undefined && r.call.area !== 'instagram' && !/access_token$/.test(r.call.path))
    w.warn(r.call, 'the token is in the address, where logs keep it');
  return token;
}

/** @param {Token} token @param {string} scope @param {string} id what the scope must reach */
export function mayReach(token, scope, id) {
  const targets = token.targets[scope];
  if (!token.scopes.includes(scope)) return 'scope';
  return targets && !targets.includes(id) ? 'target' : undefined;
}

/** @param {Json} args @param {string} defaults @param {Record<string, Json>} all @returns {Json} only the fields asked for, id always */
export function pickFields(args, defaults, all) {
  const text = String(args.fields ?? defaults);
  const names = [];
  let depth = 0;
  let name = '';
  for (const c of `${text},`) {
    if (c === '{' || c === '(') depth++;
    if (depth === 0 && c === ',') {
      names.push(name.trim().replace(/[.{(].*$/, ''));
      name = '';
    } else name += c;
    if (c === '}' || c === ')') depth--;
  }
  /** @type {Record<string, Json>} */
  const out = {};
  for (const field of names.filter((f) => f !== '')) {
    if (!(field in all)) throw invalid(`Tried accessing nonexisting field (${field})`);
    if (all[field] !== undefined) out[field] = all[field];
  }
  return 'id' in all ? { ...out, id: all['id'] } : out;
}

/** A list with cursors. @template T @param {World} w @param {Req} r @param {T[]} items @param {(item: T) => string} key @param {(item: T) => Json} show */
export function pageOf(w, r, items, key, show) {
  const limit = Math.max(1, Math.min(Number(r.args.limit ?? 25) || 25, 1000));
  const cursor = (/** @type {string} */ k) => Buffer.from(k).toString('base64');
  const find = (/** @type {unknown} */ c) => {
    const at = items.findIndex((i) => cursor(key(i)) === c);
    if (at < 0) throw invalid('Invalid cursor');
    return at;
  };
  const start =
    r.args.after !== undefined ? find(r.args.after) + 1 : r.args.before !== undefined ? Math.max(0, find(r.args.before) - limit) : 0;
  const shown = items.slice(start, start + limit);
  const first = shown[0];
  const last = shown[shown.length - 1];
  if (!first || !last) return { data: [] };
  const after = cursor(key(last));
  const query = new URLSearchParams({ ...r.call.query, after });
  query.delete('before');
  query.delete('access_token');
  return {
    data: shown.map(show),
    paging: {
      cursors: { before: cursor(key(first)), after },
      ...(start + limit < items.length ? { next: `${w.url}/${r.call.version || 'v25.0'}${r.call.path}?${query}` } : {}),
    },
  };
}

/** @param {World} w @param {Call} call */
function checkVersion(w, call) {
  if (unversioned.test(call.path) || call.area === 'foreign' || call.area === 'media') return;
  if (call.version === '') {
    if (call.area !== 'instagram-api') w.warn(call, 'no version in the path: the app gets its oldest one');
    return;
  }
  const version = Number(call.version.slice(1));
  if (version > (w.options.newest ?? 26))
    throw refusal(2500, undefined, { message: `Unknown path components: ${call.path}`, whatsapp: false });
  if (version < (w.options.oldest ?? 21))
    throw refusal(2635, undefined, {
      message: `You are calling a deprecated version of the API. Please update to the latest version: v${w.options.newest ?? 26}.0`,
      whatsapp: false,
    });
}

/** @param {World} w @param {(w: World, r: Req) => Promise<Json>} route @param {{ call: Call, broken: string | undefined }} read @param {Fault | undefined} fault @returns {Promise<Answer>} */
async function answerTo(w, route, { call, broken }, fault) {
  try {
    checkVersion(w, call);
    if (broken === 'json') throw refusal(100, undefined, { message: '(#100) Invalid parameter: the body is not valid JSON' });
    if (broken === 'multipart') throw invalid('The multipart body is malformed');
    if (broken === 'type' && !call.path.startsWith('/-/')) throw invalid('The body has no content type that is understood');
    const [node = '', edge = '', ...rest] = call.path.slice(1).split('/');
    /** @type {Record<string, Json>} */
    const args = {
      ...Object.fromEntries(Object.entries(call.query).map(([k, v]) => [k, jsonish(v)])),
      ...(call.body && typeof call.body === 'object' && !Array.isArray(call.body) ? call.body : {}),
    };
    /** @type {Req} */
    const r = { call, node, edge, rest, args };
    if (fault?.later) r.failLater = faultForStatus(fault);
    const said = await route(w, r);
    return said instanceof Answered ? said.answer : { status: 200, body: said };
  } catch (e) {
    if (e instanceof GraphError) {
      const status = e.status;
      return {
        status,
        body: e.body(trace()),
        headers:
          status === 401 ? { 'www-authenticate': `OAuth "Facebook Platform" "invalid_token" "${e.message.replace(/"/g, "'")}"` } : {},
      };
    }
    console.error('graph:', e);
    return {
      status: 500,
      body: { error: { message: String(e instanceof Error ? e.stack : e), type: 'StandInBroken', code: 1, fbtrace_id: trace() } },
    };
  }
}

/** @param {ServerResponse} res @param {Answer} a @param {Fault | undefined} fault */
async function write(res, a, fault) {
  if (a.stream) return a.stream(res);
  const bytes = a.bytes ?? Buffer.from(a.html ?? writeJson(a.body));
  const head = {
    'content-type': a.type ?? (a.html === undefined ? 'application/json; charset=UTF-8' : 'text/html; charset=utf-8'),
    'content-length': String(bytes.length),
    ...(fault?.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }),
    ...a.headers,
  };
  res.writeHead(a.status ?? 200, head);
  if (fault?.kind === 'slow') {
    const pieces = 20;
    for (let i = 0; i < pieces && !res.destroyed; i++) {
      res.write(bytes.subarray(Math.floor((bytes.length * i) / pieces), Math.floor((bytes.length * (i + 1)) / pieces)));
      await new Promise((done) => setTimeout(done, (fault.ms ?? 2000) / pieces));
    }
    res.end();
  } else if (fault?.kind === 'cut') {
    res.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => res.socket?.destroy());
  } else {
    res.end(bytes);
  }
}

/** @param {Fault} fault @returns {Answer | undefined} what a fault answers by itself */
function answerOfFault(fault) {
  switch (fault.kind ?? 'error') {
    case 'error': {
      if (fault.later) return undefined;
      const e = faultError(fault);
      return { status: e.status, body: e.body(trace()) };
    }
    case 'html':
      return {
        status: fault.status ?? 500,
        html: '<!DOCTYPE html><html lang="en"><head><title>Facebook | Error</title></head><body><h1>Sorry, something went wrong.</h1><p>We&#039;re working on getting this fixed as soon as we can.</p></body></html>',
      };
    case 'garbage':
      return {
        status: fault.status ?? 200,
        bytes: Buffer.from('{"messaging_product":"whatsapp","contacts":[{"inp'),
        type: 'application/json',
      };
    case 'empty':
      return { status: fault.status ?? 200, bytes: Buffer.alloc(0), type: 'application/json' };
    case 'redirect':
      return { status: fault.status ?? 302, html: '', headers: { location: fault.location ?? '/' } };
    default:
      return undefined;
  }
}

/** @param {World} w @param {(w: World, r: Req) => Promise<Json>} route */
export function listener(w, route) {
  /** @param {IncomingMessage} req @param {ServerResponse} res */
  return async (req, res) => {
    let raw;
    try {
      raw = await readAll(req);
    } catch {
      res.destroy();
      return;
    }
    const read = readCall(w, req, raw);
    const { call } = read;
    const ours = call.path.startsWith('/-/') || call.path === '/' || call.path === '/favicon.ico';
    if (ours) {
      await write(res, await answerTo(w, route, read, undefined), undefined);
      return;
    }
    w.calls.push(call);
    const fault = takeFault(w, call);
    call.fault = fault ? (fault.kind ?? `error ${fault.code}`) : undefined;
    if (fault?.kind === 'timeout') {
      for (const watcher of [...w.callWatchers]) watcher(call);
      return;
    }
    if (fault?.kind === 'reset') {
      req.socket.resetAndDestroy();
      for (const watcher of [...w.callWatchers]) watcher(call);
      return;
    }
    if (fault?.kind === 'wait') await new Promise((done) => setTimeout(done, fault.ms ?? 1000));
    const said = (fault && answerOfFault(fault)) ?? (await answerTo(w, route, read, fault));
    call.answer = { status: said.status ?? 200, body: said.body ?? said.html ?? said.bytes };
    for (const watcher of [...w.callWatchers]) watcher(call);
    if (fault?.kind === 'lost') {
      req.socket.resetAndDestroy();
      return;
    }
    await write(
      res,
      { ...said, headers: { 'facebook-api-version': call.version || 'v25.0', 'x-fb-trace-id': trace(), ...said.headers } },
      fault,
    );
  };
}

/** @param {World} w @param {(w: World, r: Req) => Promise<Json>} route @returns {Promise<() => Promise<void>>} closes it */
export async function listen(w, route) {
  const server = createServer(listener(w, route));
  // A connection that a client keeps is not closed under its hands.
  server.keepAliveTimeout = 60_000;
  const host = w.options.host ?? '127.0.0.1';
  await new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(w.options.port ?? 0, host, () => done(undefined));
  });
  const address = server.address();
  w.port = typeof address === 'object' && address ? address.port : 0;
  w.url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${w.port}`;
  return () =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
}

export { noObject };
