import { describe, expect, it } from 'vitest';
import type { ChannelKind } from '$lib/api/types';
import { limitsOf, opensOf, refusal, roomOf, siftFiles, textLength, typeWords } from './limits.rules';
import { loudness, peaks } from './wave.rules';
import { windowAt, writable } from './window.rules';

const hour = 3_600_000;
const now = Date.parse('2026-11-20T12:00:00Z');
const iso = (ms: number) => new Date(ms).toISOString();

describe('the time to answer', () => {
  it('does not exist on some channels', () => {
    expect(windowAt(now, 0, 0, null)).toEqual({ state: 'none' });
  });
  it('runs, and warns in its last two hours', () => {
    expect(windowAt(now, 24, 0, iso(now + 5 * hour))).toMatchObject({ state: 'open', leftMs: 5 * hour });
    expect(windowAt(now, 24, 0, iso(now + 2 * hour)).state).toBe('open');
    expect(windowAt(now, 24, 0, iso(now + 2 * hour - 1)).state).toBe('soon');
    expect(windowAt(now, 24, 0, iso(now + 12 * hour))).toMatchObject({ part: 0.5 });
  });
  it('closes to the second', () => {
    expect(windowAt(now, 24, 0, iso(now + 1)).state).toBe('soon');
    const shut = windowAt(now, 24, 0, iso(now));
    expect(shut).toEqual({ state: 'closed', since: now });
    expect(writable(shut)).toBe(false);
  });
  it('is closed for who never wrote', () => {
    expect(windowAt(now, 24, 0, null)).toEqual({ state: 'closed', since: 0 });
  });
  it('leaves a week to a person, counted from the last message', () => {
    const w = windowAt(now, 24, 168, iso(now - hour));
    expect(w).toMatchObject({ state: 'human', until: now - hour - 24 * hour + 168 * hour });
    expect(writable(w)).toBe(true);
    expect(windowAt(now, 24, 168, iso(now - 144 * hour)).state).toBe('closed');
    expect(windowAt(now, 24, 168, iso(now - 144 * hour + 1)).state).toBe('human');
  });
  it('is worked out where the server does not say it', () => {
    expect(windowAt(now, 24, 0, undefined, iso(now - 20 * hour))).toMatchObject({ state: 'open', leftMs: 4 * hour });
    expect(windowAt(now, 24, 0, undefined)).toEqual({ state: 'none' });
  });
});

const kind = (change: Partial<ChannelKind> = {}): ChannelKind => ({
  kind: 'whatsapp',
  label: 'WhatsApp',
  can: ['image', 'document', 'audio'],
  textMax: 4096,
  fileMaxBytes: 1000,
  windowHours: 24,
  ...change,
});
const file = (name: string, type: string, size = 10) => ({ name, type, size });

describe('what a channel takes', () => {
  const whatsapp = limitsOf(
    kind({
      limits: {
        files: [
          { kind: 'image', types: 'image/jpeg,image/png', bytesMax: 100, captionMax: 1024 },
          { kind: 'document', types: null, bytesMax: 1000, captionMax: 1024 },
        ],
        textSplits: true,
        textMax: 10,
      },
    }),
  );
  it('says why it refuses a file', () => {
    const { good, bad } = siftFiles(
      [
        file('a.png', 'image/png'),
        file('b.mp4', 'video/mp4'),
        file('c.png', 'image/png', 101),
        file('d.psd', 'image/vnd.adobe.photoshop'),
        file('e.zip', 'application/zip', 1000),
      ],
      whatsapp,
      0,
    );
    expect(good.map((f) => f.name)).toEqual(['a.png', 'e.zip']);
    expect(bad).toEqual([
      { name: 'b.mp4', why: 'kind', limit: 0, types: [] },
      { name: 'c.png', why: 'size', limit: 100, types: [] },
      { name: 'd.psd', why: 'type', limit: 0, types: ['JPG', 'PNG'] },
    ]);
  });
  it('lets through what the server converts', () => {
    expect(refusal(file('v.webm', 'audio/webm;codecs=opus'), whatsapp)).toBeUndefined();
    expect(refusal(file('p.webp', 'image/webp'), whatsapp)).toBeUndefined();
  });
  it('holds back more files than one message has', () => {
    const { good, bad } = siftFiles([file('a', 'x/y'), file('b', 'x/y')], undefined, 9);
    expect(good).toHaveLength(1);
    expect(bad).toEqual([{ name: 'b', why: 'count', limit: 10, types: [] }]);
  });
  it('names types as people do', () => {
    expect(typeWords(['image/jpeg', 'audio/mpeg', 'application/pdf', 'audio/x-wav'])).toEqual([
      'JPG',
      'MP3',
      'PDF',
      'WAV',
    ]);
  });
  it('of an older server are those that it knows', () => {
    const l = limitsOf(kind());
    expect([l.textMax, l.windowHours, l.files.document?.bytesMax, l.files.video]).toEqual([4096, 24, 1000, undefined]);
  });
  it('and whom it can write to first', () => {
    expect(opensOf(kind())).toBeUndefined();
    expect(opensOf(kind({ opens: 'whatsapp, phone' }))).toEqual(['whatsapp', 'phone']);
    expect(opensOf(kind({ opens: null }))).toEqual([]);
  });
});

describe('room for words', () => {
  it('counts code points', () => {
    expect(textLength('a😀é')).toBe(3);
    expect(roomOf('a😀é', { textMax: 3, textBytesMax: 0, textSplits: false })).toMatchObject({ used: 3, over: false });
    expect(roomOf('a😀é!', { textMax: 3, textBytesMax: 0, textSplits: false })).toMatchObject({ over: true });
  });
  it('counts bytes where the platform does', () => {
    expect(roomOf('ééé', { textMax: 0, textBytesMax: 5, textSplits: false })).toEqual({
      used: 6,
      most: 5,
      unit: 'bytes',
      over: true,
      parts: 1,
    });
  });
  it('says in how many parts it leaves', () => {
    expect(roomOf('x'.repeat(25), { textMax: 10, textBytesMax: 0, textSplits: true })).toMatchObject({
      over: false,
      parts: 3,
    });
  });
});

describe('the picture of a sound', () => {
  it('has so many bars, the loudest full', () => {
    const p = peaks([0, 0, 1, -1, 0.5, -0.5], 3);
    expect(p).toHaveLength(3);
    expect(p[1]).toBe(1);
    expect(p[0]).toBe(0);
    expect(p[2]).toBeGreaterThan(0.4);
  });
  it('of silence is flat', () => {
    expect(peaks([0, 0, 0, 0], 2)).toEqual([0, 0]);
    expect(loudness([128, 128])).toBe(0);
    expect(loudness([0, 255])).toBe(1);
  });
});
