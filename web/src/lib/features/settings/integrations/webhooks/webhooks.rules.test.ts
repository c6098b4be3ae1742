import { expect, test } from 'vitest';
import { formOf, groupsOf, healthOf, pretty, urlProblem, type WebhookRow, withTypes } from './webhooks.rules';

const row = { active: true, offReason: null, failingSince: null, lastSuccessAt: null } as unknown as WebhookRow;

test('how one is', () => {
  expect(healthOf(row)).toBe('new');
  expect(healthOf({ ...row, lastSuccessAt: '2026-11-21T00:00:00Z' })).toBe('ok');
  expect(healthOf({ ...row, failingSince: '2026-11-21T00:00:00Z' })).toBe('failing');
  expect(healthOf({ ...row, active: false })).toBe('off');
  expect(healthOf({ ...row, active: false, offReason: 'gone' })).toBe('switchedOff');
});

test('events stand together by what they are about', () => {
  expect(groupsOf(['chat.created', 'message.sent', 'chat.closed'])).toEqual([
    { id: 'chat', types: ['chat.created', 'chat.closed'] },
    { id: 'message', types: ['message.sent'] },
  ]);
  expect(withTypes(['b.x', 'a.x'], ['c.x', 'a.x'], true)).toEqual(['a.x', 'b.x', 'c.x']);
  expect(withTypes(['a.x', 'b.x'], ['a.x'], false)).toEqual(['b.x']);
  expect(formOf({ ...row, events: ['b.x', 'a.x'] }).events).toEqual(['a.x', 'b.x']);
});

test('addresses', () => {
  expect(urlProblem(' ')).toBe('REQUIRED');
  expect(urlProblem('erp.example.com')).toBe('INVALID_URL');
  expect(urlProblem('ftp://erp.example.com')).toBe('INVALID_URL');
  expect(urlProblem('https://me:secret@erp.example.com')).toBe('INVALID_URL');
  expect(urlProblem('https://erp.example.com/x?y=1')).toBeUndefined();
});

test('answers as people read them', () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty('<html>')).toBe('<html>');
});
