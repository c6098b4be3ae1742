import { afterEach, describe, expect, it, vi } from 'vitest';
import { matches } from './commands.svelte';
import { activeShortcuts, combo, handleKey, shortcuts } from './keys.svelte';

const offs: (() => void)[] = [];
afterEach(() => {
  for (const off of offs.splice(0)) off();
  document.body.replaceChildren();
});

function press(key: string, init: KeyboardEventInit = {}, target: EventTarget = document.body): KeyboardEvent {
  const e = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init });
  target.addEventListener('keydown', (x) => handleKey(x as KeyboardEvent), { once: true });
  target.dispatchEvent(e);
  return e;
}

describe('shortcuts', () => {
  it('writes keys in one notation', () => {
    expect(combo(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))).toBe('Ctrl+K');
    expect(combo(new KeyboardEvent('keydown', { key: 'k', metaKey: true }))).toBe('Ctrl+K');
    expect(combo(new KeyboardEvent('keydown', { key: '?', shiftKey: true }))).toBe('?');
    expect(combo(new KeyboardEvent('keydown', { key: 'E', shiftKey: true }))).toBe('Shift+e');
    expect(combo(new KeyboardEvent('keydown', { key: 'Enter', shiftKey: true }))).toBe('Shift+Enter');
  });

  it('rests while someone types, except with Ctrl', () => {
    const plain = vi.fn();
    const ctrl = vi.fn();
    offs.push(
      shortcuts([
        { keys: 'e', label: () => '', run: plain },
        { keys: 'Ctrl+K', label: () => '', run: ctrl },
      ]),
    );
    const input = document.body.appendChild(document.createElement('input'));
    press('e', {}, input);
    press('k', { ctrlKey: true }, input);
    expect(plain).not.toHaveBeenCalled();
    expect(ctrl).toHaveBeenCalledTimes(1);
    expect(press('e').defaultPrevented).toBe(true);
    expect(plain).toHaveBeenCalledTimes(1);
  });

  it('gives the newest page precedence and forgets the page that is left', () => {
    const below = vi.fn();
    const above = vi.fn();
    offs.push(shortcuts([{ keys: 'e', label: () => 'below', run: below }]));
    const off = shortcuts([{ keys: 'e', label: () => 'above', run: above }]);
    press('e');
    off();
    press('e');
    expect([above.mock.calls.length, below.mock.calls.length]).toEqual([1, 1]);
    expect(activeShortcuts().map((s) => s.label())).toEqual(['below']);
  });

  it('takes two keys one after the other', () => {
    const run = vi.fn();
    offs.push(shortcuts([{ keys: 'g i', label: () => '', run }]));
    press('i');
    press('g');
    press('x');
    press('i');
    expect(run).not.toHaveBeenCalled();
    press('g');
    press('i');
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('lets the key pass when its condition does not hold', () => {
    offs.push(shortcuts([{ keys: 'z', label: () => '', run: () => undefined, when: () => false }]));
    expect(press('z').defaultPrevented).toBe(false);
  });

  it('finds commands by the beginnings of words, accents or not', () => {
    expect(matches('Configurações', 'config')).toBe(true);
    expect(matches('Configurações', 'configuracoes')).toBe(true);
    expect(matches('Meu perfil', 'per meu')).toBe(true);
    expect(matches('Meu perfil', 'erfil')).toBe(false);
  });
});
