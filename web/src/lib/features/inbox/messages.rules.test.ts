import { describe, expect, it } from 'vitest';
import {
  days,
  firstUnread,
  fit,
  isEmojiOnly,
  laterStatus,
  merge,
  parts,
  react,
  reactionGroups,
  type Span,
  take,
  trim,
} from './messages.rules';
import type { Message } from './types';

function message(seq: number, change: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    chatId: 'c',
    seq,
    direction: 'in',
    kind: 'text',
    content: `palavra ${seq}`,
    data: {},
    status: 'received',
    error: null,
    authorKind: 'customer',
    authorId: null,
    authorName: 'Beatriz',
    clientId: null,
    sequenceId: null,
    scheduledFor: null,
    createdAt: new Date(Date.parse('2026-11-19T12:00:00Z') + seq * 60_000).toISOString(),
    sentAt: null,
    deliveredAt: null,
    readAt: null,
    editedAt: null,
    deletedAt: null,
    replyTo: null,
    files: [],
    reactions: [],
    mentions: [],
    ...change,
  };
}
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const span = (items: Message[], change: Partial<Span> = {}): Span => ({
  items,
  scheduled: [],
  hasOlder: false,
  hasNewer: false,
  ...change,
});
const seqs = (list: readonly Message[]) => list.map((m) => m.seq);

describe('merging', () => {
  it('has each message once and in order, however they come', () => {
    expect(seqs(merge(run(5, 8), [...run(3, 6), message(9)]))).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(seqs(merge([], run(1, 2)))).toEqual([1, 2]);
  });

  it('lets states only rise', () => {
    const read = message(1, { direction: 'out', status: 'read', readAt: 'x' });
    const late = message(1, { direction: 'out', status: 'sent', content: 'corrigida' });
    expect(merge([read], [late])[0]).toMatchObject({ status: 'read', readAt: 'x', content: 'corrigida' });
    expect(laterStatus('queued', 'failed')).toBe('failed');
    expect(laterStatus('delivered', 'failed')).toBe('delivered');
    expect(laterStatus('failed', 'queued')).toBe('queued');
  });
});

describe('live messages', () => {
  it('are appended when they follow', () => {
    const { span: s, gap } = take(span(run(1, 3)), message(4));
    expect(seqs(s.items)).toEqual([1, 2, 3, 4]);
    expect(gap).toBe(false);
  });

  it('ask for what is missing when they do not', () => {
    const { span: s, gap } = take(span(run(1, 3)), message(6));
    expect(seqs(s.items)).toEqual([1, 2, 3]);
    expect(gap).toBe(true);
  });

  it('change what is here, and come twice without harm', () => {
    const once = take(span(run(1, 3)), message(4)).span;
    const twice = take(once, message(4)).span;
    expect(seqs(twice.items)).toEqual([1, 2, 3, 4]);
    const edited = take(twice, message(2, { content: 'nova' })).span;
    expect(edited.items[1]?.content).toBe('nova');
  });

  it('do not tear a window that looks at the past', () => {
    const { span: s, gap } = take(span(run(10, 20), { hasOlder: true, hasNewer: true }), message(300));
    expect(seqs(s.items)).toEqual(seqs(run(10, 20)));
    expect(gap).toBe(false);
    expect(take(span(run(10, 20), { hasOlder: true }), message(4)).span.items).toHaveLength(11);
  });

  it('wait apart until their hour, then take their place', () => {
    const later = message(-1, { id: 's', status: 'scheduled', direction: 'out', scheduledFor: '2026-11-20T12:00:00Z' });
    const waiting = take(span(run(1, 3)), later).span;
    expect(waiting.scheduled.map((m) => m.id)).toEqual(['s']);
    expect(seqs(waiting.items)).toEqual([1, 2, 3]);
    const gone = take(waiting, { ...later, seq: 4, status: 'queued' }).span;
    expect(gone.scheduled).toEqual([]);
    expect(seqs(gone.items)).toEqual([1, 2, 3, 4]);
    expect(take(waiting, { ...later, status: 'cancelled' }).span.scheduled).toEqual([]);
  });

  it('give up what is far above', () => {
    const s = trim(span(run(1, 100)), 40);
    expect(s.items).toHaveLength(40);
    expect(s.hasOlder).toBe(true);
    expect(trim(span(run(1, 3)), 40).hasOlder).toBe(false);
  });
});

describe('reactions', () => {
  it('are one per person', () => {
    let m = react(message(1), { emoji: '👍', actor: 'a', actorName: 'Ana' });
    m = react(m, { emoji: '👍', actor: 'b', actorName: 'Bia' });
    m = react(m, { emoji: '❤️', actor: 'a', actorName: 'Ana' });
    expect(reactionGroups(m.reactions, 'b')).toEqual([
      { emoji: '👍', names: ['Bia'], mine: true },
      { emoji: '❤️', names: ['Ana'], mine: false },
    ]);
    expect(react(m, { emoji: '', actor: 'b', actorName: '' }).reactions).toHaveLength(1);
  });
});

describe('days', () => {
  const dayOf = (at: string) => at.slice(0, 10);

  it('part messages and name who of the team begins to speak', () => {
    const out = (seq: number, who: string, minutes: number) =>
      message(seq, {
        direction: 'out',
        authorId: who,
        authorName: who,
        createdAt: new Date(Date.parse('2026-11-19T23:50:00Z') + minutes * 60_000).toISOString(),
      });
    const list = [out(1, 'me', 0), out(2, 'tiago', 1), out(3, 'tiago', 2), out(4, 'tiago', 9), out(5, 'tiago', 11)];
    const groups = days(list, dayOf, 'me', 4);
    expect(groups.map((g) => [g.key, g.entries.length])).toEqual([
      ['2026-11-19', 4],
      ['2026-11-20', 1],
    ]);
    expect(groups.flatMap((g) => g.entries.map((e) => e.author))).toEqual([
      undefined,
      'tiago',
      undefined,
      'tiago',
      'tiago',
    ]);
    expect(groups[0]?.entries.map((e) => e.unread)).toEqual([false, false, false, true]);
  });

  it('keep the key of a message while it is confirmed', () => {
    const mine = message(7, { clientId: 'k1' });
    expect(days([mine], dayOf, 'me', undefined)[0]?.entries[0]?.key).toBe('k1');
  });

  it('find the first unread message', () => {
    const list = [message(1), message(2, { direction: 'out' }), message(3), message(4)];
    expect(firstUnread(list, 2)).toBe(3);
    expect(firstUnread(list, 0)).toBeUndefined();
    expect(firstUnread(list, 9)).toBeUndefined();
  });
});

describe('words', () => {
  it('become links without the punctuation after them', () => {
    expect(parts('Veja https://x.example/a(b)? ou www.y.example, ok')).toEqual([
      { type: 'text', text: 'Veja ' },
      { type: 'link', text: 'https://x.example/a(b)', href: 'https://x.example/a(b)' },
      { type: 'text', text: '? ou ' },
      { type: 'link', text: 'www.y.example', href: 'https://www.y.example' },
      { type: 'text', text: ', ok' },
    ]);
    expect(parts('bia@uol.com.br.')[0]).toEqual({
      type: 'link',
      text: 'bia@uol.com.br',
      href: 'mailto:bia@uol.com.br',
    });
  });

  it('never run what somebody sent', () => {
    expect(parts('javascript:alert(1)')).toEqual([{ type: 'text', text: 'javascript:alert(1)' }]);
    expect(parts('<img src=x onerror=alert(1)>')[0]?.type).toBe('text');
  });

  it('are marked by signs around words, not inside them', () => {
    expect(parts('*forte* e _leve_ e ~não~ e `x`').map((p) => p.type)).toEqual([
      'bold',
      'text',
      'italic',
      'text',
      'strike',
      'text',
      'code',
    ]);
    expect(parts('nome_de_arquivo 2*3*4 a * b *')).toHaveLength(1);
  });

  it('name people by their whole name', () => {
    expect(parts('@Ana Souza veja', ['Ana', 'Ana Souza'])).toEqual([
      { type: 'mention', text: '@Ana Souza' },
      { type: 'text', text: ' veja' },
    ]);
    expect(parts('@Anabela', ['Ana'])).toEqual([{ type: 'text', text: '@Anabela' }]);
  });

  it('are large when they are emoji alone', () => {
    expect(isEmojiOnly('😍')).toBe(true);
    expect(isEmojiOnly('👍🏽👍')).toBe(true);
    expect(isEmojiOnly('ok 👍')).toBe(false);
    expect(isEmojiOnly('123')).toBe(false);
  });
});

describe('pictures', () => {
  it('have their place reserved', () => {
    expect(fit(1000, 500, { width: 320, height: 320 })).toEqual({ width: 320, height: 160 });
    expect(fit(100, 100, { width: 320, height: 320 })).toEqual({ width: 100, height: 100 });
    expect(fit(null, null, { width: 320, height: 320 })).toEqual({ width: 320, height: 240 });
  });
});
