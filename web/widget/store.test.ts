/* The conversation's rules: order, nothing lost, nothing twice, whatever the network does. The server is a list in memory that
   behaves as the real one does with clientIds; the live connection is opened and cut by hand. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Api, CallError } from './api';
import { Store } from './store';
import type { ChatMessage, Config, Visitor } from './types';

class Socket {
  readyState = 0;
  sent: { type: string; id?: string }[] = [];
  onopen?: () => void;
  onclose?: (e?: { code: number }) => void;
  onmessage?: (e: { data: string }) => void;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { type: string });
  }
  close(code = 1000): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code });
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
    this.tell('hello', {});
  }
  tell(type: string, data: unknown): void {
    this.onmessage?.({ data: JSON.stringify({ type, data }) });
  }
}

const config: Config = {
  title: 'Loja',
  welcome: '',
  hoursText: '',
  color: '#5a4fd6',
  position: 'right',
  language: 'pt',
  open: true,
  online: true,
  fileMaxBytes: 1000,
  preChat: null,
};

let clock = Date.parse('2026-11-19T12:00:00Z');

class Server extends Api {
  log: ChatMessage[] = [];
  sockets: Socket[] = [];
  tokens = 0;
  calls = 0;
  valid = new Set<string>();
  /** Set: calls fail with it. */
  down: Error | undefined;
  /** Set: what is written is refused with it. */
  refuse: Error | undefined;
  /** The next answer to a message is lost on its way, after the server has kept the message. */
  loseAnswer = false;
  settings: Config = config;

  constructor() {
    super('https://inter.example', 'k');
  }
  last(): Socket {
    const s = this.sockets.at(-1);
    if (!s) throw new Error('no socket');
    return s;
  }
  add(from: ChatMessage['from'], text: string, clientId?: string): ChatMessage {
    const m: ChatMessage = {
      id: `m${this.log.length + 1}`,
      chatId: 'c',
      seq: this.log.length + 1,
      cursor: String(this.log.length + 1).padStart(6, '0'),
      from,
      kind: 'text',
      text,
      files: [],
      status: 'sent',
      clientId: clientId ?? null,
      authorName: from === 'agent' ? 'Ana' : '',
      at: new Date((clock += 1000)).toISOString(),
    };
    this.log.push(m);
    return m;
  }
  private check(): void {
    this.calls++;
    if (this.down) throw this.down;
  }
  override async config(): Promise<Config> {
    return this.settings;
  }
  override async token(): Promise<string> {
    this.check();
    const t = `t${++this.tokens}`;
    this.valid.add(t);
    return t;
  }
  override async messages(token: string, after?: string): Promise<{ items: ChatMessage[] }> {
    this.check();
    if (!this.valid.has(token)) throw new CallError(401, 'UNAUTHORIZED', '');
    const all = this.log.map((m) => ({ ...m }));
    return { items: after ? all.filter((m) => (m.cursor ?? '') > after).slice(0, 100) : all.slice(-100) };
  }
  override async send(v: Visitor, m: ChatMessage): Promise<ChatMessage> {
    this.check();
    if (!this.valid.has(v.token)) throw new CallError(401, 'UNAUTHORIZED', '');
    if (this.refuse) throw this.refuse;
    if (m.text === 'proibida') throw new CallError(400, 'INVALID', '');
    const had = this.log.find((x) => x.clientId === m.clientId);
    const done = had ?? this.add('visitor', m.text, m.clientId ?? undefined);
    if (!had && m.answer) Object.assign(done, { answer: m.answer, replyTo: m.replyTo });
    if (this.loseAnswer) {
      this.loseAnswer = false;
      throw new TypeError('network');
    }
    return { ...done };
  }
  override socket(): WebSocket {
    const s = new Socket();
    this.sockets.push(s);
    return s as unknown as WebSocket;
  }
}

let server: Server;
const offline = new TypeError('Failed to fetch');
const texts = (s: Store): string[] => s.all().map((m) => m.text);
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

async function visit(): Promise<Store> {
  const store = new Store(server);
  await store.start();
  await settle();
  return store;
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  server = new Server();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a long pause', () => {
  test.each([
    ['what is written meanwhile waits', false],
    ['although the visitor wrote before the connection was back', true],
  ])('leaves no gap, %s', async (_, writes) => {
    const store = await visit();
    await store.write('oi');
    server.last().open();
    await settle();
    server.last().close();
    for (let i = 1; i <= 350; i++) server.add('agent', `resposta ${i}`);
    if (writes) await store.write('ainda aí?');
    await vi.advanceTimersByTimeAsync(60_000);
    server.last().open();
    await vi.advanceTimersByTimeAsync(1000);
    expect(texts(store)).toEqual(server.log.map((m) => m.text));
    expect(store.all()).toHaveLength(writes ? 352 : 351);
  });
});

test('a chat that the team pauses says so, comes back slowly, and says no more once it is there', async () => {
  const store = await visit();
  await store.write('oi');
  server.last().open();
  await settle();
  server.last().close(4004);
  expect(store.paused).toBe(true);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(server.sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.sockets.length).toBeGreaterThan(1);
  server.last().open();
  await settle();
  expect(store.paused).toBe(false);
});

describe('sending', () => {
  test('the first message asks for a token, goes out and opens the live connection', async () => {
    const store = await visit();
    expect(server.sockets).toHaveLength(0);
    await store.write('oi');
    expect(texts(store)).toEqual(['oi']);
    expect(store.all()[0]).toMatchObject({ id: 'm1', status: 'sent' });
    expect(store.all()[0]?.pending).toBeUndefined();
    expect(server.sockets).toHaveLength(1);
  });

  test('a message that comes back over the live connection before the answer stands there once', async () => {
    const store = await visit();
    await store.write('um');
    server.last().open();
    await settle();
    const going = store.write('dois');
    const pending = store.all().at(-1);
    server.last().tell('message', { ...server.add('visitor', 'dois', pending?.clientId ?? undefined) });
    await going;
    expect(texts(store)).toEqual(['um', 'dois']);
  });

  test('keeps the order of what was written without a network, and sends it once', async () => {
    const store = await visit();
    server.down = offline;
    for (const text of ['um', 'dois', 'três']) await store.write(text);
    expect(store.online).toBe(false);
    expect(texts(store)).toEqual(['um', 'dois', 'três']);
    server.down = undefined;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.log.map((m) => m.text)).toEqual(['um', 'dois', 'três']);
    expect(texts(store)).toEqual(['um', 'dois', 'três']);
    expect(store.all().every((m) => !m.pending)).toBe(true);
    expect(store.online).toBe(true);
  });

  test('sends again when the answer was lost, without a double', async () => {
    const store = await visit();
    server.loseAnswer = true;
    await store.write('só uma vez');
    expect(store.all()[0]?.pending).toBe('sending');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.log).toHaveLength(1);
    expect(texts(store)).toEqual(['só uma vez']);
  });

  test('asks less and less often while the server is away', async () => {
    const store = await visit();
    server.down = offline;
    await store.write('um');
    await store.write('dois');
    await store.write('três');
    server.calls = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    const minute = server.calls;
    expect(minute).toBeGreaterThan(2);
    expect(minute).toBeLessThan(12);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.calls - minute).toBeLessThan(5);
  });

  test('goes out at once when the browser says that the network is back', async () => {
    const store = await visit();
    server.down = offline;
    await store.write('um');
    await vi.advanceTimersByTimeAsync(40_000);
    server.down = undefined;
    dispatchEvent(new Event('online'));
    await settle();
    expect(server.log.map((m) => m.text)).toEqual(['um']);
  });

  test('a message that is refused does not hold back the next, and can be let go', async () => {
    const store = await visit();
    await store.write('proibida');
    await store.write('permitida');
    expect(server.log.map((m) => m.text)).toEqual(['permitida']);
    const failed = store.all().find((m) => m.pending === 'failed');
    expect(failed?.text).toBe('proibida');
    if (failed) store.discard(failed);
    expect(texts(store)).toEqual(['permitida']);
    expect((await visit()).all()).toEqual([]);
  });

  test('a token that is no longer valid is replaced, once', async () => {
    const store = await visit();
    await store.write('um');
    server.valid.clear();
    await store.write('dois');
    expect(server.tokens).toBe(2);
    expect(server.log.map((m) => m.text)).toEqual(['um', 'dois']);
  });

  test('a server that accepts no token is not asked without end', async () => {
    const store = await visit();
    vi.spyOn(server, 'send').mockImplementation(() => Promise.reject(new CallError(401, 'UNAUTHORIZED', '')));
    await store.write('um');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.tokens).toBeLessThan(12);
    expect(texts(store)).toEqual(['um']);
  });
});

describe('over visits', () => {
  test('what was not sent is sent by the next page, as the same message', async () => {
    const before = await visit();
    server.down = offline;
    await before.write('um');
    await before.write('dois');
    server.down = undefined;
    const after = await visit();
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.log.map((m) => m.text)).toEqual(['um', 'dois']);
    expect(texts(after)).toEqual(['um', 'dois']);
    /* The first page is still open and tries too. */
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.log).toHaveLength(2);
  });

  test('two tabs of a page are one person', async () => {
    const [a, b] = [await visit(), await visit()];
    await a.write('aqui');
    await b.write('e aqui');
    expect(server.tokens).toBe(1);
  });

  test('broken storage is no storage', async () => {
    localStorage.setItem('interflow:k', 'null');
    expect((await visit()).all()).toEqual([]);
    localStorage.setItem('interflow:k', '{"outbox":7');
    expect((await visit()).all()).toEqual([]);
  });

  test('the form is asked once', async () => {
    server.settings = { ...config, preChat: { enabled: true, fields: ['name'], required: ['name'] } };
    const store = await visit();
    expect(store.needsForm()).toBe(true);
    store.introduce({ name: 'Rui' });
    expect(store.needsForm()).toBe(false);
    expect((await visit()).needsForm()).toBe(false);
  });
});

describe('live', () => {
  async function talking(): Promise<Store> {
    const store = await visit();
    await store.write('oi');
    server.last().open();
    await settle();
    return store;
  }

  test('answers come in, in the order of the server, and are counted while the window is closed', async () => {
    const store = await talking();
    const [first, second] = [server.add('agent', 'primeira'), server.add('agent', 'segunda')];
    server.last().tell('message', second);
    server.last().tell('message', first);
    server.last().tell('message', second);
    expect(texts(store)).toEqual(['oi', 'primeira', 'segunda']);
    expect(store.unread).toBe(2);
    expect(
      server
        .last()
        .sent.filter((f) => f.type === 'delivered')
        .map((f) => f.id),
    ).toEqual(['m3', 'm2']);
    store.open = true;
    store.look();
    expect(store.unread).toBe(0);
    expect(server.last().sent.at(-1)).toEqual({ type: 'read', id: 'm3' });
  });

  test('what was missed while the connection was gone is there after it, once', async () => {
    const store = await talking();
    server.last().close();
    expect(store.online).toBe(false);
    server.add('agent', 'perdida');
    await vi.advanceTimersByTimeAsync(3000);
    expect(server.sockets.length).toBeGreaterThan(1);
    server.last().open();
    await settle();
    expect(store.online).toBe(true);
    expect(texts(store)).toEqual(['oi', 'perdida']);
    expect(store.unread).toBe(1);
  });

  test('asks for what was missed only once the server hears it: what falls between is not lost', async () => {
    const store = await visit();
    await store.write('oi');
    const socket = server.last();
    socket.readyState = 1;
    socket.onopen?.();
    await settle();
    server.add('agent', 'entre os dois');
    socket.tell('hello', {});
    await settle();
    expect(texts(store)).toEqual(['oi', 'entre os dois']);
  });

  test('a connection that only seems to be there is noticed, a quiet one is kept', async () => {
    await talking();
    const socket = server.last();
    await vi.advanceTimersByTimeAsync(41_000);
    expect(socket.sent.at(-1)).toEqual({ type: 'ping' });
    socket.tell('pong', {});
    await vi.advanceTimersByTimeAsync(41_000);
    expect(socket.readyState).toBe(1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(socket.readyState).toBe(3);
    expect(server.sockets.length).toBeGreaterThan(1);
  });

  test('says again how far it was read: the words may have been lost', async () => {
    const store = await talking();
    server.last().close();
    store.open = true;
    server.add('agent', 'resposta');
    await vi.advanceTimersByTimeAsync(3000);
    server.last().open();
    await settle();
    expect(server.last().sent).toContainEqual({ type: 'read', id: 'm2' });
  });

  test('where no WebSocket comes through, news is still asked for', async () => {
    const store = await visit();
    await store.write('oi');
    server.last().close();
    server.add('agent', 'olá');
    for (let i = 0; i < 4; i++) {
      await vi.advanceTimersByTimeAsync(20_000);
      server.last().close();
      await settle();
    }
    expect(texts(store)).toEqual(['oi', 'olá']);
    expect(store.online).toBe(true);
  });

  test('a change of a message changes it in its place', async () => {
    const store = await talking();
    const m = server.add('agent', 'engano');
    server.last().tell('message', m);
    server.last().tell('message', { ...m, text: '', deleted: true });
    expect(store.all()).toHaveLength(2);
    expect(store.all()[1]).toMatchObject({ id: 'm2', deleted: true });
  });

  test('typing shows and goes by itself, or with the message', async () => {
    const store = await talking();
    server.last().tell('typing', { on: true });
    expect(store.typing).toBe(true);
    await vi.advanceTimersByTimeAsync(6500);
    expect(store.typing).toBe(false);
    server.last().tell('typing', { on: true });
    server.last().tell('message', server.add('agent', 'pronto'));
    expect(store.typing).toBe(false);
  });

  test('seen by the team marks what the visitor wrote', async () => {
    const store = await talking();
    server.last().tell('seen', {});
    expect(store.all()[0]?.status).toBe('read');
  });
});

describe('what is chosen', () => {
  const yes = { id: 'sim', title: 'Sim' };
  const no = { id: 'nao', title: 'Não' };
  const offer = { buttons: [yes, no] };
  const asked = (): ChatMessage => Object.assign(server.add('agent', 'Confirma?'), { offer });
  async function talk(): Promise<[Store, ChatMessage]> {
    const store = await visit();
    await store.write('oi');
    const question = asked();
    server.last().open();
    await settle();
    const shown = store.messages.find((m) => m.id === question.id);
    if (!shown) throw new Error('no question');
    return [store, shown];
  }

  test('is a message about the one that offered it, once, however often it is pressed', async () => {
    const [store, question] = await talk();
    await Promise.all([store.choose(question, yes), store.choose(question, no)]);
    await store.choose(question, no);
    expect(server.log.map((m) => m.text)).toEqual(['oi', 'Confirma?', 'Sim']);
    expect(server.log[2]).toMatchObject({ clientId: `answer:${question.id}`, answer: { id: 'sim', title: 'Sim' } });
    expect([...store.chosen()]).toEqual([[question.id, 'sim']]);
  });

  test('is what the other tab pressed first', async () => {
    const [store, question] = await talk();
    Object.assign(server.add('visitor', 'Não', `answer:${question.id}`), {
      answer: no,
      replyTo: { id: question.id, text: '', from: 'agent' },
    });
    await store.choose(question, yes);
    expect(texts(store)).toEqual(['oi', 'Confirma?', 'Não']);
    expect([...store.chosen()]).toEqual([[question.id, 'nao']]);
  });

  test('is there again on another page, and while it still waits for the network', async () => {
    const [store, question] = await talk();
    server.down = offline;
    void store.choose(question, yes);
    await settle();
    expect([...store.chosen()]).toEqual([[question.id, 'sim']]);
    const waiting = await visit();
    expect([...waiting.chosen()]).toEqual([[question.id, 'sim']]);
    server.down = undefined;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.log.filter((m) => m.text === 'Sim')).toHaveLength(1);
    localStorage.setItem('interflow:k', JSON.stringify({ visitor: store.visitor }));
    const later = await visit();
    server.last().open();
    await settle();
    expect([...later.chosen()]).toEqual([[question.id, 'sim']]);
  });

  test('can be chosen anew when the server did not take it', async () => {
    const [store, question] = await talk();
    server.refuse = new CallError(400, 'VALIDATION_ERROR', '');
    await store.choose(question, yes);
    const failed = store.all().at(-1);
    expect(failed?.pending).toBe('failed');
    expect(store.chosen().size).toBe(1);
    server.refuse = undefined;
    if (failed) store.discard(failed);
    expect(store.chosen().size).toBe(0);
    await store.choose(question, no);
    expect([...store.chosen()]).toEqual([[question.id, 'nao']]);
  });
});
