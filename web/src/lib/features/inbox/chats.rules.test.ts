import { describe, expect, it } from 'vitest';
import {
  arrange,
  compare,
  type Filter,
  filterCount,
  fromSaved,
  held,
  matches,
  mergeChat,
  noFilter,
  preview,
  sameFilter,
  snippetParts,
  toQuery,
  toSaved,
  unreadOf,
  waitLevel,
} from './chats.rules';
import type { Chat } from './types';

const now = Date.parse('2026-11-19T13:42:00Z');
const at = (minutesAgo: number) => new Date(now - minutesAgo * 60_000).toISOString();
const me = 'me';

function chat(id: string, change: Partial<Chat> = {}): Chat {
  return {
    id,
    status: 'in_progress',
    channelId: 'c1',
    assigneeId: me,
    teamId: null,
    owner: 'human',
    priority: 0,
    snoozedUntil: null,
    archivedAt: null,
    openedAt: at(60),
    firstResponseAt: null,
    waitingSince: null,
    lastMessageAt: at(1),
    lastMessage: {},
    messageCount: 1,
    inboundCount: 1,
    inboundSeen: 1,
    closedAt: null,
    closedBy: null,
    closureTypeId: null,
    closureNote: '',
    pinnedMessageId: null,
    visitor: {},
    version: 1,
    customer: { id: `cu-${id}`, name: `Cliente ${id}`, avatarFileId: null, tags: [] },
    contact: { id: `co-${id}`, kind: 'webchat', display: '+55 11 98421-7730' },
    otherOpenChats: 0,
    ...change,
  };
}
const filter = (change: Partial<Filter> = {}): Filter => ({ ...noFilter, ...change });
const fits = (c: Chat, f: Partial<Filter>) => matches(c, filter(f), me, now);

describe('which chats a view shows', () => {
  it('parts them by state, as the server does', () => {
    const open = chat('a');
    expect(fits(open, { view: 'all' })).toBe(true);
    expect(fits(open, { view: 'mine' })).toBe(true);
    expect(fits(chat('b', { assigneeId: 'x' }), { view: 'mine' })).toBe(false);
    expect(fits(chat('b', { assigneeId: null }), { view: 'unassigned' })).toBe(true);
    expect(fits(open, { view: 'unassigned' })).toBe(false);
    expect(fits(open, { view: 'waiting' })).toBe(false);
    expect(fits(chat('b', { waitingSince: at(3) }), { view: 'waiting' })).toBe(true);
    const closed = chat('c', { status: 'closed' });
    expect(fits(closed, { view: 'closed' })).toBe(true);
    expect(fits(closed, { view: 'all' })).toBe(false);
    expect(fits(closed, { view: 'mine' })).toBe(false);
  });

  it('hides what sleeps and what is archived, until it is asked for', () => {
    const asleep = chat('a', { snoozedUntil: at(-60) });
    expect(fits(asleep, { view: 'all' })).toBe(false);
    expect(fits(asleep, { view: 'snoozed' })).toBe(true);
    expect(fits(chat('b', { snoozedUntil: at(1) }), { view: 'all' })).toBe(true);
    const archived = chat('c', { archivedAt: at(5) });
    expect(fits(archived, { view: 'all' })).toBe(false);
    expect(fits(archived, { view: 'all', archived: true })).toBe(true);
  });

  it('holds every condition at once', () => {
    const c = chat('a', {
      teamId: 't1',
      inboundCount: 3,
      customer: { id: 'x', name: '', avatarFileId: null, tags: ['vip', 'golden'] },
    });
    expect(fits(c, { unread: true, teamId: ['t1'], tagId: ['golden', 'new'], channelId: ['c1'] })).toBe(true);
    expect(fits(c, { teamId: ['t2'] })).toBe(false);
    expect(fits(c, { tagId: ['new'] })).toBe(false);
    expect(fits(chat('b'), { unread: true })).toBe(false);
    expect(fits(chat('b', { teamId: null }), { teamId: ['t1'] })).toBe(false);
  });
});

describe('order', () => {
  const a = chat('a', { lastMessageAt: at(1), waitingSince: at(2) });
  const b = chat('b', { lastMessageAt: at(5), waitingSince: at(40), priority: 3 });
  const c = chat('c', { lastMessageAt: at(3) });
  const ids = (order: Filter['order']) => [c, a, b].sort(compare(order)).map((x) => x.id);

  it('is newest, longest waiting, or most urgent first', () => {
    expect(ids('recent')).toEqual(['a', 'c', 'b']);
    expect(ids('waiting')).toEqual(['b', 'a', 'c']);
    expect(ids('priority')).toEqual(['b', 'a', 'c']);
  });

  it('breaks ties by id, never by chance', () => {
    const x = chat('x', { lastMessageAt: at(1) });
    const y = chat('y', { lastMessageAt: at(1) });
    expect([x, y].sort(compare('recent')).map((z) => z.id)).toEqual(['y', 'x']);
    expect([y, x].sort(compare('recent')).map((z) => z.id)).toEqual(['y', 'x']);
  });

  it('does not show what belongs to a page that is not loaded', () => {
    const old = chat('old', { lastMessageAt: at(500) });
    const all = [a, b, c, old];
    expect(arrange(all, filter(), me, now, undefined)).toEqual(['a', 'c', 'b', 'old']);
    expect(arrange(all, filter(), me, now, b)).toEqual(['a', 'c', 'b']);
  });

  it('keeps the end of the page by what it was, also when that chat has moved up', () => {
    const moved = { ...b, lastMessageAt: at(0) };
    const old = chat('old', { lastMessageAt: at(500) });
    expect(arrange([a, moved, c, old], filter(), me, now, b)).toEqual(['b', 'a', 'c']);
  });

  it('stands still while it is held', () => {
    expect(held(['a', 'b'], ['c', 'b', 'a'])).toEqual(['a', 'b']);
    expect(held([], ['c'])).toEqual(['c']);
  });
});

describe('taking news in', () => {
  it('keeps what an event cannot know: my reading, the contact in the clear', () => {
    const old = chat('a', { inboundCount: 4, inboundSeen: 4 });
    const news = chat('a', {
      version: 2,
      inboundCount: 5,
      inboundSeen: null,
      contact: { id: 'co-a', kind: 'webchat', display: '+55 •• •••••-7730' },
    });
    const merged = mergeChat(old, news);
    expect(unreadOf(merged)).toBe(1);
    expect(merged.contact.display).toBe('+55 11 98421-7730');
  });

  it('does not go back to an older version', () => {
    const old = chat('a', { version: 7, status: 'closed' });
    expect(mergeChat(old, chat('a', { version: 6, inboundSeen: null })).status).toBe('closed');
    expect(mergeChat(old, chat('a', { version: 6, inboundSeen: 0 }))).toMatchObject({
      status: 'closed',
      inboundSeen: 0,
    });
    expect(mergeChat(undefined, old)).toBe(old);
  });

  it('never counts less than nothing as unread', () => {
    expect(unreadOf({ inboundCount: 2, inboundSeen: 5 })).toBe(0);
    expect(unreadOf({ inboundCount: 2, inboundSeen: null })).toBe(2);
  });
});

describe('what a row says', () => {
  it('shows the draft before everything', () => {
    expect(preview({ direction: 'in', text: 'Oi' }, ' Bom\n dia ')).toMatchObject({ tone: 'draft', text: 'Bom dia' });
    expect(preview({ direction: 'in', text: 'Oi' }, '  ')).toMatchObject({ tone: '', text: 'Oi' });
  });

  it('marks failures, notes, states and kinds', () => {
    expect(preview({ direction: 'out', status: 'failed', text: 'x' }, undefined)).toMatchObject({
      icon: 'circle-x',
      tone: 'danger',
    });
    expect(preview({ direction: 'note', text: 'x', authorName: 'Tiago Ramos' }, undefined)).toMatchObject({
      icon: 'lock',
      author: 'Tiago Ramos',
    });
    expect(preview({ direction: 'out', status: 'read', text: 'x' }, undefined).icon).toBe('check-check');
    expect(preview({ direction: 'in', kind: 'audio', text: '' }, undefined)).toMatchObject({
      icon: 'mic',
      kind: 'audio',
    });
    expect(preview({ direction: 'in', kind: 'text', text: '', deleted: true }, undefined).kind).toBe('deleted');
    expect(preview({ direction: 'in', kind: 'text', text: '', about: 'mention' }, undefined)).toMatchObject({
      icon: 'circle-dot',
      kind: 'mention',
    });
    expect(preview({ direction: 'in', kind: 'text', text: 'Olá', about: 'order' }, undefined).kind).toBeUndefined();
    expect(preview({ direction: 'out', text: 'Sim, *claro*!' }, undefined).text).toBe('Sim, claro!');
  });

  it('colours waiting', () => {
    expect(waitLevel(at(2), now)).toBe('');
    expect(waitLevel(at(5), now)).toBe('warn');
    expect(waitLevel(at(18), now)).toBe('danger');
  });

  it('finds the hit in a snippet', () => {
    expect(snippetParts('a \u0001vômito\u0002 b')).toEqual([
      { text: 'a ', hit: false },
      { text: 'vômito', hit: true },
      { text: ' b', hit: false },
    ]);
    expect(snippetParts('nada')).toEqual([{ text: 'nada', hit: false }]);
  });
});

describe('filters', () => {
  const f = filter({ view: 'snoozed', order: 'priority', unread: true, tagId: ['t1', 't2'], status: ['waiting'] });

  it('come back from being saved', () => {
    expect(sameFilter(fromSaved({ filter: toSaved(f) }), f)).toBe(true);
    expect(filterCount(f)).toBe(4);
    expect(toQuery(filter({ view: 'mine' }))).toEqual({ view: 'mine' });
  });

  it('leave out what they do not know', () => {
    expect(fromSaved({ filter: { view: 'nonsense', order: 4, tagId: 7, status: 'waiting,flying' } })).toEqual(
      filter({ status: ['waiting'] }),
    );
  });
});
