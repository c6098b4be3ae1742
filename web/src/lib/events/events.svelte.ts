/* Live news over a WebSocket. Each event carries a cursor; after a break the last one is sent back and the server gives
   what was missed, or says `reload`, on which every feature fetches its state again. The socket is opened anew with
   growing, jittered pauses, and at once when the network or the page comes back: a phone that slept is up to date
   in the moment it is looked at. The person is told only when the break lasts longer than two seconds. */
import { socketUrl, urls } from '$lib/api/urls';
import type { ClientMessage, EventName, ServerEvents } from './types';

type Handler<N extends EventName> = (payload: ServerEvents[N]) => void;
type Frame = { type: string; id: string | undefined; data: Record<string, unknown> };

export const pause = { firstMs: 500, mostMs: 20_000, noticeMs: 2000, silenceMs: 45_000, wakeProbeMs: 4000 };

/** Wait before try n (0, 1, …): doubles up to the most, and half of it is chance, so that clients do not come at once. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(pause.mostMs, pause.firstMs * 2 ** attempt);
  return whole / 2 + (whole / 2) * random();
}

/** Reads one frame {type, id, data}; undefined for what is none. The id is the cursor; passing news has none. */
export function readFrame(text: string): Frame | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { type, id, data } = raw as Record<string, unknown>;
  if (typeof type !== 'string') return undefined;
  const body = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  return { type, id: id === undefined || id === null ? undefined : String(id), data: body };
}

const handlers = new Map<string, Set<(payload: never) => void>>();
const reloaders = new Set<() => void>();
const refused = new Set<(rightsChanged: boolean) => void>();

/* The server's close code when what I may see has changed; the page comes back at once, with the new rights. */
const closeRightsChanged = 4001;

let connection = $state<'idle' | 'connecting' | 'open'>('idle');
let late = $state(false);
/* The browser itself says that there is no network. */
let offline = $state(false);

let wanted = false;
let cursor: string | undefined;
let socket: WebSocket | undefined;
let attempt = 0;
let reloadOnHello = false;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let noticeTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setTimeout> | undefined;

/** True when the connection has been gone long enough to say so. */
export function isReconnecting(): boolean {
  return late || offline;
}

export function isLive(): boolean {
  return connection === 'open';
}

/** Hear one kind of news; returns the undoing. In a component: `$effect(() => on('chat.updated', …))`. */
export function on<N extends EventName>(name: N, handler: Handler<N>): () => void {
  let set = handlers.get(name);
  if (!set) handlers.set(name, (set = new Set()));
  set.add(handler as (payload: never) => void);
  return () => set.delete(handler as (payload: never) => void);
}

/** Called when what was missed is too much to replay: fetch your state again. */
export function onReload(handler: () => void): () => void {
  reloaders.add(handler);
  return () => reloaders.delete(handler);
}

/** Called when a connection was closed for my rights, or could not be opened at all (no session any more, or no network). */
export function onRefused(handler: (rightsChanged: boolean) => void): () => void {
  refused.add(handler);
  return () => refused.delete(handler);
}

/** Sends a small message up (typing, viewing). Dropped while there is no connection: such things do not keep. */
export function tell(message: ClientMessage): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** Connects to the current organization's news, leaving any other. The cursor is where a first load already stands. */
export function connect(from?: string): void {
  disconnect();
  wanted = true;
  reloadOnHello = false;
  cursor = from;
  attempt = 0;
  window.addEventListener('online', wake);
  document.addEventListener('visibilitychange', wake);
  window.addEventListener('offline', lost);
  open();
}

export function disconnect(): void {
  window.removeEventListener('online', wake);
  window.removeEventListener('offline', lost);
  document.removeEventListener('visibilitychange', wake);
  wanted = false;
  for (const timer of [retryTimer, noticeTimer, silenceTimer]) clearTimeout(timer);
  noticeTimer = undefined;
  late = offline = false;
  connection = 'idle';
  drop();
}

function drop(): void {
  const old = socket;
  socket = undefined;
  if (!old) return;
  old.onopen = old.onmessage = old.onclose = old.onerror = null;
  old.close();
}

function open(): void {
  if (!wanted) return;
  clearTimeout(retryTimer);
  drop();
  connection = 'connecting';
  noticeTimer ??= setTimeout(() => (late = true), pause.noticeMs);
  const ws = new WebSocket(socketUrl(urls.events(cursor)));
  socket = ws;
  ws.onmessage = (e: MessageEvent<unknown>) => receive(String(e.data));
  let wasOpen = false;
  ws.onopen = () => {
    wasOpen = true;
    opened();
  };
  ws.onclose = (e) => {
    const rights = e.code === closeRightsChanged;
    if (rights) {
      /* Resumed from here, the server would meet the same change again; all is read anew instead. */
      cursor = undefined;
      reloadOnHello = true;
    }
    if (rights || !wasOpen) for (const handler of [...refused]) handler(rights);
    again();
  };
  watch(pause.silenceMs);
}

function opened(): void {
  connection = 'open';
  attempt = 0;
  clearTimeout(noticeTimer);
  noticeTimer = undefined;
  late = false;
}

function again(): void {
  socket = undefined;
  if (!wanted) return;
  connection = 'connecting';
  noticeTimer ??= setTimeout(() => (late = true), pause.noticeMs);
  clearTimeout(retryTimer);
  retryTimer = setTimeout(open, backoff(attempt));
  attempt += 1;
}

/* A connection that says nothing for long may be dead without a FIN: ask, and start anew when no answer comes. */
function watch(ms: number): void {
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(() => {
    if (socket?.readyState !== WebSocket.OPEN) return open();
    tell({ type: 'ping' });
    silenceTimer = setTimeout(open, pause.wakeProbeMs);
  }, ms);
}

/* The socket often does not notice: it is asked, and made anew when it does not answer. */
function lost(): void {
  offline = true;
  if (wanted) watch(0);
}

function wake(): void {
  offline = false;
  if (!wanted || document.visibilityState === 'hidden') return;
  if (socket?.readyState === WebSocket.OPEN) watch(0);
  else {
    attempt = 0;
    open();
  }
}

function receive(text: string): void {
  watch(pause.silenceMs);
  const frame = readFrame(text);
  if (!frame) return;
  const { type, id, data } = frame;
  if (id !== undefined) cursor = id;
  if (type === 'hello') {
    if (cursor === undefined && data['position'] !== undefined) cursor = String(data['position']);
    if (reloadOnHello) {
      reloadOnHello = false;
      for (const handler of [...reloaders]) handler();
    }
  } else if (type === 'reload') {
    if (id === undefined && data['position'] !== undefined) cursor = String(data['position']);
    for (const handler of [...reloaders]) handler();
  } else {
    for (const handler of [...(handlers.get(type) ?? [])]) handler(data as never);
  }
}
