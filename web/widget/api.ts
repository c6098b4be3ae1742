/* Calls of the widget to the server that its script came from, and the live connection. */
import type { ChatMessage, Config, Visitor } from './types';

export class CallError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/* The server said no for good: trying again would not help. 401 is a token that is no longer valid. */
export const isFinal = (e: unknown): boolean =>
  e instanceof CallError && e.status >= 400 && e.status < 500 && ![401, 408, 409, 429].includes(e.status);

async function call<T>(url: string, init: RequestInit = {}): Promise<T> {
  const r = await fetch(url, { credentials: 'omit', cache: 'no-store', ...init });
  const body = r.status === 204 ? {} : await r.json().catch(() => ({}));
  if (!r.ok) throw new CallError(r.status, body.code ?? '', body.error ?? r.statusText);
  return body as T;
}

export class Api {
  constructor(
    readonly origin: string,
    readonly key: string,
  ) {}

  private url = (path: string): string => `${this.origin}/webchat/${encodeURIComponent(this.key)}${path}`;

  config(language?: string): Promise<Config> {
    return call(this.url(`/config${language ? `?lang=${language}` : ''}`));
  }

  async token(): Promise<string> {
    const { token } = await call<{ token: string }>(this.url('/visitor'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    return token;
  }

  /* The newest, or those after a message's cursor; oldest first. */
  messages(token: string, after?: string): Promise<{ items: ChatMessage[] }> {
    const query = after ? `?after=${encodeURIComponent(after)}` : '';
    return call(this.url(`/messages${query}`), { headers: { 'x-visitor': token } });
  }

  send(v: Visitor, m: ChatMessage): Promise<ChatMessage> {
    const form = new FormData();
    const put = (name: string, value?: string | null) => value && form.set(name, value);
    put('text', m.text);
    put('clientId', m.clientId);
    put('replyTo', m.replyTo?.id);
    put('answer', m.answer?.id);
    put('name', v.name);
    put('email', v.email);
    put('phone', v.phone);
    put('page', location.href.slice(0, 1000));
    put('referrer', document.referrer.slice(0, 1000));
    if (m.localFile) form.set('file', m.localFile, m.localFile.name);
    return call(this.url('/messages'), { method: 'POST', headers: { 'x-visitor': v.token }, body: form });
  }

  fileUrl = (id: string, token: string): string => this.url(`/files/${id}?token=${encodeURIComponent(token)}`);

  socket(token: string): WebSocket {
    return new WebSocket(this.url(`/events?token=${encodeURIComponent(token)}`).replace(/^http/, 'ws'));
  }
}

export interface LiveHandlers {
  up(): void;
  /* wasUp false: it never came about, perhaps because the token is not valid or nothing lets WebSockets through. */
  down(wasUp: boolean): void;
  /* The team has paused or removed this chat: it stays away for a while. */
  gone(): void;
  message(m: ChatMessage): void;
  seen(): void;
  typing(on: boolean): void;
}

/* The server's close code for a channel that was paused or removed. */
const channelClosed = 4004;

/* Keeps one connection: back-off with jitter, at once when the network or the page comes back. */
export class Live {
  private socket?: WebSocket;
  private tries = 0;
  private timer = 0;
  private stopped = true;

  constructor(
    private readonly api: Api,
    private readonly on: LiveHandlers,
  ) {
    addEventListener('online', () => this.again(0));
    addEventListener('offline', () => this.socket?.close());
    document.addEventListener('visibilitychange', () => !document.hidden && !this.isUp() && this.again(0));
  }

  private token = '';

  isUp = (): boolean => this.socket?.readyState === WebSocket.OPEN;

  start(token: string): void {
    if (!this.stopped && token === this.token) return;
    this.token = token;
    this.stopped = false;
    const old = this.socket;
    this.socket = undefined;
    old?.close();
    this.open();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    const old = this.socket;
    this.socket = undefined;
    old?.close();
  }

  send(frame: object): void {
    if (this.isUp()) this.socket?.send(JSON.stringify(frame));
  }

  /* Also used for "the network is back": a try that still hangs is given up. */
  private again(ms: number): void {
    if (this.stopped || this.isUp()) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.open(), ms);
  }

  private open(): void {
    clearTimeout(this.timer);
    if (this.stopped || (this.socket && this.socket.readyState < 2)) return;
    let s: WebSocket;
    try {
      s = this.socket = this.api.socket(this.token);
    } catch {
      /* the page's own policy forbids it */
      return this.lost(false);
    }
    let silent = 0;
    let up = false;
    /* Silence is asked about; no answer means that the connection only seems to be there. */
    const watch = () => {
      clearTimeout(silent);
      silent = window.setTimeout(() => {
        this.send({ type: 'ping' });
        silent = window.setTimeout(() => s.close(), 15_000);
      }, 40_000);
    };
    s.onopen = () => {
      this.tries = 0;
      up = true;
      watch();
    };
    s.onmessage = (e) => {
      watch();
      const { type, data } = JSON.parse(e.data) as { type: string; data: unknown };
      if (type === 'message') this.on.message(data as ChatMessage);
      else if (type === 'seen') this.on.seen();
      else if (type === 'typing') this.on.typing((data as { on: boolean }).on);
      /* From this frame on nothing is missed: only now it makes sense to ask for what was. */
      else if (type === 'hello' || type === 'reload') this.on.up();
    };
    s.onclose = (e?: CloseEvent) => {
      clearTimeout(silent);
      if (this.socket !== s) return;
      this.socket = undefined;
      if (e?.code === channelClosed) {
        this.tries = 6;
        this.on.gone();
      }
      this.lost(up);
    };
  }

  private lost(wasUp: boolean): void {
    this.on.down(wasUp);
    this.again(Math.min(30_000, 500 * 2 ** this.tries++) * (0.5 + Math.random()));
  }
}
