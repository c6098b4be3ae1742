import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setUrlOrganization } from '$lib/api/urls';
import {
  backoff,
  connect,
  disconnect,
  isLive,
  isReconnecting,
  on,
  onRefused,
  onReload,
  pause,
  readFrame,
  tell,
} from './events.svelte';

class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: ((e: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.readyState = 3;
  }
  opens() {
    this.readyState = 1;
    this.onopen?.();
  }
  says(frame: unknown) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  breaks(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const last = () => {
  const socket = FakeSocket.all.at(-1);
  if (!socket) throw new Error('no socket was opened');
  return socket;
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  FakeSocket.all = [];
  setUrlOrganization('org-1');
});
afterEach(() => {
  disconnect();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('live news', () => {
  it('reaches who listens, and nobody else', () => {
    const heard = vi.fn();
    const off = on('chat.removed', heard);
    connect('5');
    last().opens();
    last().says({ type: 'chat.removed', id: '6', data: { chatId: 'c1' } });
    last().says({ type: 'chat.changed', id: '7', data: { chat: { id: 'c1' } } });
    off();
    last().says({ type: 'chat.removed', id: '8', data: { chatId: 'c2' } });
    expect(heard.mock.calls).toEqual([[{ chatId: 'c1' }]]);
  });

  it('resumes from the last cursor seen, not from the first', () => {
    connect('5');
    expect(last().url).toContain('/api/org-1/events?cursor=5');
    last().opens();
    last().says({ type: 'hello', data: { position: 9 } });
    last().says({ type: 'chat.removed', id: '12', data: { chatId: 'c1' } });
    last().says({ type: 'typing', data: { chatId: 'c1', on: true } });
    last().breaks();
    vi.advanceTimersByTime(pause.firstMs);
    expect(FakeSocket.all.length).toBe(2);
    expect(last().url).toContain('cursor=12');
  });

  it('tells every state to fetch again on reload, and goes on from there', () => {
    const fetchAgain = vi.fn();
    const off = onReload(fetchAgain);
    connect('5');
    last().opens();
    last().says({ type: 'reload', data: { position: 90 } });
    expect(fetchAgain).toHaveBeenCalledTimes(1);
    last().breaks();
    vi.advanceTimersByTime(pause.firstMs);
    expect(last().url).toContain('cursor=90');
    off();
  });

  it('says so only when a break lasts longer than two seconds', () => {
    connect('5');
    last().opens();
    last().breaks();
    vi.advanceTimersByTime(pause.noticeMs - 100);
    expect(isReconnecting()).toBe(false);
    vi.advanceTimersByTime(200);
    expect(isReconnecting()).toBe(true);
    last().opens();
    expect(isReconnecting()).toBe(false);
    expect(isLive()).toBe(true);
  });

  it('comes back at once when the network does', () => {
    connect('5');
    last().opens();
    for (let i = 0; i < 6; i += 1) {
      last().breaks();
      vi.advanceTimersByTime(pause.mostMs);
    }
    last().breaks();
    const before = FakeSocket.all.length;
    window.dispatchEvent(new Event('online'));
    expect(FakeSocket.all.length).toBe(before + 1);
  });

  it('leaves a connection that is silent and does not answer a ping', () => {
    connect('5');
    const first = last();
    first.opens();
    vi.advanceTimersByTime(pause.silenceMs);
    expect(first.sent).toContain('{"type":"ping"}');
    vi.advanceTimersByTime(pause.wakeProbeMs);
    expect(last()).not.toBe(first);
    expect(first.readyState).toBe(3);
  });

  it('keeps one that answers', () => {
    connect('5');
    const first = last();
    first.opens();
    vi.advanceTimersByTime(pause.silenceMs);
    first.says({ type: 'pong' });
    vi.advanceTimersByTime(pause.wakeProbeMs + 1000);
    expect(last()).toBe(first);
  });

  it('asks who I am when it cannot be opened, and reads my rights anew when they changed', () => {
    const asked = vi.fn();
    const off = onRefused(asked);
    connect('5');
    last().breaks();
    expect(asked).toHaveBeenLastCalledWith(false);
    vi.advanceTimersByTime(pause.mostMs);
    last().opens();
    last().breaks();
    expect(asked).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(pause.mostMs);
    last().opens();
    last().breaks(4001);
    expect(asked).toHaveBeenLastCalledWith(true);
    off();
  });

  it('stops for good when left', () => {
    connect('5');
    last().opens();
    disconnect();
    vi.advanceTimersByTime(120_000);
    window.dispatchEvent(new Event('online'));
    expect(FakeSocket.all.length).toBe(1);
    tell({ type: 'ping' });
    expect(last().sent).toEqual([]);
  });

  it('waits longer each time, never all at once, never beyond the limit', () => {
    expect(backoff(0, () => 0)).toBe(pause.firstMs / 2);
    expect(backoff(0, () => 1)).toBe(pause.firstMs);
    expect(backoff(3, () => 1)).toBe(pause.firstMs * 8);
    expect(backoff(50, () => 1)).toBe(pause.mostMs);
  });

  it('does not trip over frames it cannot read', () => {
    expect(readFrame('{')).toBeUndefined();
    expect(readFrame('[]')).toBeUndefined();
    expect(readFrame('null')).toBeUndefined();
    expect(readFrame('{"type":"later.thing","id":7}')).toEqual({ type: 'later.thing', id: '7', data: {} });
  });
});
