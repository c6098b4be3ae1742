import { describe, expect, it } from 'vitest';
import type { User } from '$lib/api/types';
import {
  findPeople,
  findShortcuts,
  mentionsIn,
  mentionTrigger,
  type OutItem,
  ready,
  renderPreview,
  replaceTrigger,
  restoreDrafts,
  restoreOutbox,
  shortcutTrigger,
  storeDrafts,
  wrap,
} from './composer.rules';
import type { Shortcut } from './types';

const user = (id: string, name: string, change: Partial<User> = {}): User => ({
  id,
  name,
  email: '',
  roleId: '',
  roleKind: 'agent',
  roleName: '',
  status: 'active',
  availability: 'online',
  capacity: 0,
  teamIds: [],
  lastSeenAt: null,
  totpEnabled: false,
  ...change,
});
const shortcut = (keyword: string, change: Partial<Shortcut> = {}): Shortcut => ({
  id: keyword,
  keyword,
  title: '',
  steps: [{ content: '', fileIds: [], delayMs: 0 }],
  shared: true,
  teamIds: [],
  uses: 0,
  ...change,
});
const item = (clientId: string, change: Partial<OutItem> = {}): OutItem => ({
  clientId,
  chatId: 'a',
  kind: 'out',
  content: clientId,
  replyTo: null,
  files: [],
  mentions: [],
  scheduledFor: null,
  createdAt: '',
  state: 'waiting',
  problem: null,
  ...change,
});

describe('what is asked for before the caret', () => {
  it('is a shortcut after "/", where a word begins', () => {
    expect(shortcutTrigger('/ol', 3)).toEqual({ at: 0, query: 'ol' });
    expect(shortcutTrigger('Oi /', 4)).toEqual({ at: 3, query: '' });
    expect(shortcutTrigger('1/2', 3)).toBeUndefined();
    expect(shortcutTrigger('https://x', 9)).toBeUndefined();
    expect(shortcutTrigger('/ola tudo', 9)).toBeUndefined();
  });

  it('is a person after "@", with spaces in the name', () => {
    expect(mentionTrigger('fale com @ana so', 16)).toEqual({ at: 9, query: 'ana so' });
    expect(mentionTrigger('a@b.com', 7)).toBeUndefined();
  });

  it('is replaced by what was chosen', () => {
    const t = { at: 3, query: 'ma' };
    expect(replaceTrigger('oi @ma, tudo', t, 6, '@Marina ')).toEqual({ text: 'oi @Marina , tudo', caret: 11 });
  });
});

describe('finding', () => {
  it('puts keywords before titles before words, the used ones first', () => {
    const all = [
      shortcut('fim', { steps: [{ content: 'um horário', fileIds: [], delayMs: 0 }] }),
      shortcut('x', { title: 'Horários' }),
      shortcut('horario', { uses: 1 }),
      shortcut('hora', { uses: 9 }),
    ];
    expect(findShortcuts(all, 'hora').map((s) => s.keyword)).toEqual(['hora', 'horario', 'x', 'fim']);
    expect(findShortcuts(all, 'HORÁ').map((s) => s.keyword)[0]).toBe('hora');
    expect(findShortcuts(all, 'zzz')).toEqual([]);
  });

  it('finds people without accents, never myself nor who is suspended', () => {
    const all = [user('1', 'Ícaro Menezes'), user('2', 'Ana', { status: 'suspended' }), user('me', 'Iara')];
    expect(findPeople(all, 'ica', 'me').map((u) => u.id)).toEqual(['1']);
    expect(findPeople(all, 'mene', 'me').map((u) => u.id)).toEqual(['1']);
    expect(findPeople(all, 'ana', 'me')).toEqual([]);
    expect(mentionsIn('@Ícaro Menezes veja', all)).toEqual(['1']);
  });
});

describe('variables', () => {
  const vars = {
    'customer.name': '',
    'customer.firstName': '',
    'agent.name': 'Marina Duarte',
    'agent.firstName': 'Marina',
    'organization.name': 'Quintal',
    greeting: 'Bom dia',
  };
  it('are filled in, with what stands in for an empty one', () => {
    expect(renderPreview('{{greeting}}, {{customer.firstName|default:tudo bem}}! {{ agent.firstName }}', vars)).toBe(
      'Bom dia, tudo bem! Marina',
    );
    expect(renderPreview('[{{customer.name}}] {{x.y}}', vars)).toBe('[] {{x.y}}');
  });
});

describe('writing', () => {
  it('marks words, and takes the mark away again', () => {
    const once = wrap('bom dia', 4, 7, '*');
    expect(once).toEqual({ text: 'bom *dia*', from: 5, to: 8 });
    expect(wrap(once.text, once.from, once.to, '*')).toEqual({ text: 'bom dia', from: 4, to: 7 });
  });
});

describe('the outbox', () => {
  it('sends one of each chat at a time, the oldest first', () => {
    const list = [item('1'), item('2'), item('3', { chatId: 'b' }), item('4', { chatId: 'b' })];
    expect(ready(list).map((i) => i.clientId)).toEqual(['1', '3']);
    expect(ready([item('1', { state: 'sending' }), item('2')])).toEqual([]);
  });
  it('goes on past what was refused', () => {
    expect(ready([item('1', { state: 'failed' }), item('2')]).map((i) => i.clientId)).toEqual(['2']);
  });
  it('waits again after a reload, and survives rubbish', () => {
    const kept = JSON.stringify([item('1', { state: 'sending' }), item('2', { state: 'failed' }), 7, null]);
    expect(restoreOutbox(kept).map((i) => [i.clientId, i.state])).toEqual([
      ['1', 'waiting'],
      ['2', 'failed'],
    ]);
    expect(restoreOutbox('{')).toEqual([]);
    expect(restoreOutbox(null)).toEqual([]);
  });
});

describe('drafts', () => {
  it('come back as they were, empty ones do not', () => {
    const drafts = new Map([
      ['a', { text: 'Oi', note: true, replyTo: null, at: 5 }],
      ['b', { text: '  ', note: false, replyTo: null, at: 6 }],
    ]);
    expect([...restoreDrafts(storeDrafts(drafts))]).toEqual([['a', { text: 'Oi', note: true, replyTo: null, at: 5 }]]);
    expect(restoreDrafts('nonsense').size).toBe(0);
  });
  it('are kept for the newest two hundred', () => {
    const many = new Map(
      Array.from({ length: 250 }, (_, i) => [`c${i}`, { text: 'x', note: false, replyTo: null, at: i }]),
    );
    const kept = restoreDrafts(storeDrafts(many));
    expect(kept.size).toBe(200);
    expect(kept.has('c249')).toBe(true);
    expect(kept.has('c0')).toBe(false);
  });
});
