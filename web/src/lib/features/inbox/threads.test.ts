/* A conversation whose first page is read while news come: neither is lost. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Message, MessagePage } from './types';

const answers: ((page: MessagePage) => void)[] = [];
vi.mock('$lib/api/client', () => ({
  api: { get: () => new Promise<MessagePage>((done) => answers.push(done)) },
}));
const { Thread } = await import('./threads.svelte');

const message = (seq: number, more: Partial<Message> = {}): Message =>
  ({ id: `m${seq}`, seq, direction: 'in', status: 'received', reactions: [], files: [], data: {}, ...more }) as Message;
const page = (...seqs: number[]): MessagePage => ({ items: seqs.map((n) => message(n)), scheduled: [], next: null });
const settle = () => new Promise((done) => setTimeout(done));

describe('news while a page is read', () => {
  beforeEach(() => answers.splice(0));

  it('join it when the page is older than they', async () => {
    const thread = new Thread('c1');
    const loaded = thread.load();
    thread.takeMessage(message(3));
    thread.takeMessage(message(2, { status: 'received', editedAt: '2026-11-20T12:00:00Z' }));
    thread.takeReaction('m1', { actor: 'customer', actorName: 'Ana', emoji: '❤️' });
    answers[0]?.(page(1, 2));
    await loaded;
    expect(thread.span.items.map((m) => m.seq)).toEqual([1, 2, 3]);
    expect(thread.span.items[1]?.editedAt).toBeTruthy();
    expect(thread.span.items[0]?.reactions).toHaveLength(1);
  });

  it('are asked for when some between are missing', async () => {
    const thread = new Thread('c1');
    const loaded = thread.load();
    thread.takeMessage(message(4));
    answers[0]?.(page(1, 2));
    await loaded;
    expect(answers).toHaveLength(2);
    answers[1]?.(page(3, 4));
    await settle();
    expect(thread.span.items.map((m) => m.seq)).toEqual([1, 2, 3, 4]);
  });

  it('stay when it is read again', async () => {
    const thread = new Thread('c1');
    const loaded = thread.load();
    answers[0]?.(page(1));
    await loaded;
    const again = thread.latest();
    thread.takeMessage(message(2));
    thread.takeMessage(message(60));
    answers[1]?.(page(58, 59));
    await again;
    expect(thread.span.items.map((m) => m.seq)).toEqual([58, 59, 60]);
  });
});

describe('a jump into the past', () => {
  beforeEach(() => answers.splice(0));

  it('is not undone by the newest page that was asked for before', async () => {
    const thread = new Thread('c1');
    const loaded = thread.load();
    answers[0]?.(page(90, 91));
    await loaded;
    const again = thread.latest();
    const jump = thread.goTo(2);
    answers[2]?.(page(1, 2, 3));
    await settle();
    answers[3]?.(page(4));
    await jump;
    answers[1]?.(page(90, 91));
    await again;
    expect(thread.span.items.map((m) => m.seq)).toEqual([1, 2, 3]);
    expect(thread.target).toEqual({ seq: 2 });
  });

  it('stays where it went when everything is read again', async () => {
    const thread = new Thread('c1');
    const jump = thread.goTo(2);
    answers[0]?.(page(1, 2, 3));
    await settle();
    answers[1]?.(page(4));
    await jump;
    const again = thread.refresh();
    answers[2]?.({
      items: [message(1), message(2, { content: 'changed' }), message(3), message(4)],
      scheduled: [],
      next: '4',
    });
    await again;
    expect(thread.span.items.map((m) => m.seq)).toEqual([1, 2, 3, 4]);
    expect(thread.span.items[1]?.content).toBe('changed');
    expect(thread.span.hasNewer).toBe(true);
  });
});
