/* Components as a person and a screen reader meet them: by role, name and keyboard. */
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { createRawSnippet, tick } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import { describe, expect, it, vi } from 'vitest';
import Combobox from '../src/lib/ui/Combobox.svelte';
import { confirm } from '../src/lib/ui/confirm.svelte';
import ConfirmHost from '../src/lib/ui/ConfirmHost.svelte';
import DateField from '../src/lib/ui/DateField.svelte';
import Table from '../src/lib/ui/Table.svelte';
import Tabs from '../src/lib/ui/Tabs.svelte';
import { dismiss, toast, toasts, undoLast } from '../src/lib/ui/toast.svelte';
import ToastHost from '../src/lib/ui/ToastHost.svelte';
import MenuHarness from './MenuHarness.svelte';
import FieldHarness from './FieldHarness.svelte';

const user = () => userEvent.setup();

describe('Field', () => {
  it('names its control, describes it by help, then by the error', async () => {
    const { rerender } = render(FieldHarness, { error: undefined });
    const input = screen.getByRole('textbox', { name: 'E-mail' });
    expect(document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent).toBe('Ajuda');
    expect(input.getAttribute('aria-invalid')).toBeNull();
    await rerender({ error: 'Falta o final' });
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByRole('alert').textContent).toContain('Falta o final');
    expect(document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent).toContain(
      'Falta o final',
    );
  });
});

describe('Menu', () => {
  it('opens by keyboard, walks, chooses, gives the focus back', async () => {
    const u = user();
    const chosen = vi.fn();
    render(MenuHarness, { onselect: chosen });
    const trigger = screen.getByRole('button', { name: 'Ações' });
    expect(trigger.getAttribute('aria-expanded')).toBe('false');
    trigger.focus();
    await u.keyboard('{Enter}');
    await tick();
    expect(document.activeElement?.textContent).toContain('Adiar');
    await u.keyboard('{ArrowDown}{ArrowDown}');
    expect(document.activeElement?.textContent).toContain('Excluir');
    await u.keyboard('{ArrowDown}');
    expect(document.activeElement?.textContent).toContain('Adiar');
    await u.keyboard('t');
    expect(document.activeElement?.textContent).toContain('Transferir');
    await u.keyboard('{Enter}');
    expect(chosen).toHaveBeenCalledWith('Transferir');
    expect(screen.queryByRole('menu')).toBeNull();
    expect(document.activeElement).toBe(trigger);
  });

  it('closes by Esc without choosing', async () => {
    const u = user();
    const chosen = vi.fn();
    render(MenuHarness, { onselect: chosen });
    await u.click(screen.getByRole('button', { name: 'Ações' }));
    await u.keyboard('{Escape}');
    expect(screen.queryByRole('menu')).toBeNull();
    expect(chosen).not.toHaveBeenCalled();
  });
});

describe('Combobox', () => {
  const options = [
    { value: '1', label: 'Ícaro Menezes' },
    { value: '2', label: 'Letícia Moura' },
    { value: '3', label: 'Marcos Vidigal' },
  ];

  it('finds without accents and chooses by keyboard', async () => {
    const u = user();
    const onchange = vi.fn();
    render(Combobox, { options, label: 'Pessoa', onchange });
    const input = screen.getByRole('combobox', { name: 'Pessoa' });
    await u.click(input);
    expect(screen.getAllByRole('option').length).toBe(3);
    await u.type(input, 'icaro');
    expect(screen.getAllByRole('option').map((o) => o.textContent.trim())).toEqual(['Ícaro Menezes']);
    expect(input.getAttribute('aria-activedescendant')).toBe(screen.getByRole('option').id);
    await u.keyboard('{Enter}');
    expect(onchange).toHaveBeenCalledWith([options[0]]);
    expect(screen.queryByRole('listbox')).toBeNull();
  });

  it('drops the answer of a search that was overtaken', async () => {
    vi.useFakeTimers();
    const signals: AbortSignal[] = [];
    const search = vi.fn((q: string, signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<{ value: string; label: string }[]>((resolve) =>
        setTimeout(() => resolve([{ value: q, label: `R ${q}` }]), q === 'a' ? 900 : 100),
      );
    });
    const u = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
    render(Combobox, { search, label: 'Pessoa' });
    await u.type(screen.getByRole('combobox'), 'a');
    await vi.advanceTimersByTimeAsync(200);
    await u.type(screen.getByRole('combobox'), 'b');
    await vi.advanceTimersByTimeAsync(2000);
    expect(screen.getAllByRole('option').map((o) => o.textContent.trim())).toEqual(['R ab']);
    expect(signals[0]?.aborted).toBe(true);
    vi.useRealTimers();
  });

  it('offers to create what is not there', async () => {
    const u = user();
    const oncreate = vi.fn();
    render(Combobox, { options, multi: true, label: 'Tags', oncreate });
    await u.type(screen.getByRole('combobox'), 'Novo{Enter}');
    expect(oncreate).toHaveBeenCalledWith('Novo');
  });
});

describe('Table', () => {
  const rows = Array.from({ length: 500 }, (_, i) => ({ id: `r${i}`, name: `Linha ${i}` }));
  const cell = createRawSnippet((row: () => { name: string }) => ({ render: () => `<span>${row().name}</span>` }));

  it('draws only what is in sight, walks by keyboard, opens and marks', async () => {
    const u = user();
    const onopen = vi.fn();
    const selected = new SvelteSet<string>();
    render(Table, {
      columns: [{ id: 'name', label: 'Nome' }],
      rows,
      key: (r: { id: string }) => r.id,
      label: 'Linhas',
      cell,
      onopen,
      selected,
    } as never);
    const grid = screen.getByRole('grid', { name: 'Linhas' });
    expect(grid.getAttribute('aria-rowcount')).toBe('501');
    expect(screen.getAllByRole('row').length).toBeLessThan(60);
    grid.focus();
    await u.keyboard('{ArrowDown}{ArrowDown}{Enter} ');
    expect(onopen).toHaveBeenCalledWith(rows[2]);
    expect([...selected]).toEqual(['r2']);
    expect(document.getElementById(grid.getAttribute('aria-activedescendant') ?? '')?.textContent).toContain('Linha 2');
  });

  it('sorts by its head, turning round on the second time', async () => {
    const u = user();
    const onsort = vi.fn();
    render(Table, {
      columns: [{ id: 'name', label: 'Nome', sortable: true }],
      rows,
      key: (r: { id: string }) => r.id,
      label: 'Linhas',
      cell,
      onsort,
      sort: { by: 'name', dir: 'asc' },
    } as never);
    expect(screen.getByRole('columnheader', { name: 'Nome' }).getAttribute('aria-sort')).toBe('ascending');
    await u.click(screen.getByRole('button', { name: 'Nome' }));
    expect(onsort).toHaveBeenCalledWith({ by: 'name', dir: 'desc' });
  });
});

describe('Tabs', () => {
  it('is one stop for Tab and moves by arrows', async () => {
    const u = user();
    const onchange = vi.fn();
    render(Tabs, {
      tabs: [
        { value: 'a', label: 'A' },
        { value: 'b', label: 'B', count: 3 },
      ],
      value: 'a',
      label: 'Vista',
      onchange,
    } as never);
    expect(screen.getAllByRole('tab').map((x) => x.tabIndex)).toEqual([0, -1]);
    screen.getByRole('tab', { name: 'A' }).focus();
    await u.keyboard('{ArrowRight}');
    expect(onchange).toHaveBeenCalledWith('b');
    expect(screen.getByRole('tab', { selected: true }).textContent).toContain('B');
  });
});

describe('DateField', () => {
  it('takes a typed date and says when it is none', async () => {
    const u = user();
    const onchange = vi.fn();
    render(DateField, { label: 'Dia', value: '', max: '2026-12-31', onchange });
    const input = screen.getByRole('textbox', { name: 'Dia' });
    await u.type(input, '19/11/2026{Enter}');
    expect(onchange).toHaveBeenCalledWith('2026-11-19');
    await u.clear(input);
    await u.type(input, '31/02/2026{Enter}');
    expect(input.getAttribute('aria-invalid')).toBe('true');
    await u.clear(input);
    await u.type(input, '01/01/2027{Enter}');
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(onchange).toHaveBeenCalledTimes(1);
  });
});

describe('confirm', () => {
  it('does the thing only when its name is typed', async () => {
    const u = user();
    render(ConfirmHost);
    const answer = confirm({ title: 'Excluir o canal Loja?', action: 'Excluir canal', danger: true, type: 'Loja' });
    await tick();
    const button = screen.getByRole<HTMLButtonElement>('button', { name: 'Excluir canal' });
    expect(button.disabled).toBe(true);
    await u.type(screen.getByRole('textbox'), 'Loj{Enter}');
    expect(screen.queryByRole('dialog')).not.toBeNull();
    await u.type(screen.getByRole('textbox'), 'a{Enter}');
    expect(await answer).toBe(true);
    await tick();
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('is no when one keeps it', async () => {
    const u = user();
    render(ConfirmHost);
    const answer = confirm({ title: 'Sair?', action: 'Sair' });
    await tick();
    await u.click(screen.getByRole('button', { name: 'Manter' }));
    expect(await answer).toBe(false);
  });
});

describe('toast', () => {
  it('undoes the newest and goes by itself', async () => {
    vi.useFakeTimers();
    render(ToastHost);
    const undo = vi.fn();
    toast({ text: 'Conversa encerrada.', undo });
    toast({ text: 'Salvo.' });
    await tick();
    expect(screen.getAllByRole('status').length).toBe(2);
    expect(undoLast()).toBe(true);
    expect(undo).toHaveBeenCalledTimes(1);
    expect(undoLast()).toBe(false);
    vi.advanceTimersByTime(6000);
    expect(toasts.list.length).toBe(0);
    const id = toast({ text: 'Falhou', kind: 'danger', seconds: 0 });
    vi.advanceTimersByTime(60_000);
    await tick();
    expect(screen.getByRole('alert').textContent).toContain('Falhou');
    dismiss(id);
    vi.useRealTimers();
  });
});
