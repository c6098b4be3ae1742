import { describe, expect, it } from 'vitest';
import type { TemplateRow } from '../settings/channels/channels.types';
import {
  bestLanguage,
  filled,
  findTemplates,
  prefill,
  sendable,
  slotProblems,
  slotsOf,
  templateSend,
  templateText,
} from './templates.rules';

const row = (name: string, change: Partial<TemplateRow> = {}): TemplateRow => ({
  id: name,
  channelId: 'c',
  name,
  language: 'pt_BR',
  category: 'UTILITY',
  status: 'APPROVED',
  reason: '',
  quality: '',
  format: 'positional',
  components: [
    {
      type: 'BODY',
      text: 'Olá, {{1}}! A consulta do {{2}} é {{3}}.',
      example: { body_text: [['Ana', 'Thor', 'amanhã']] },
    },
  ],
  updatedAt: '',
  ...change,
});
const person = {
  name: 'Beatriz Carvalho',
  firstName: 'Beatriz',
  phone: '+55',
  email: '',
  agent: 'Marina',
  organization: 'Quintal',
};

describe('choosing a template', () => {
  const all = [row('lembrete_consulta'), row('confirma_pedido', { language: 'es' }), row('aviso_lembrete')];
  it('finds by name and words, names that begin so first', () => {
    expect(findTemplates(all, 'lembrete', '').map((t) => t.name)).toEqual(['lembrete_consulta', 'aviso_lembrete']);
    expect(findTemplates(all, 'CONSULTA do', '').length).toBe(3);
    expect(findTemplates(all, '', 'es').map((t) => t.name)).toEqual(['confirma_pedido']);
    expect(findTemplates(all, 'xyz', '')).toEqual([]);
  });
  it('offers only what may leave', () => {
    expect(sendable(row('a'))).toBe(true);
    expect(sendable(row('a', { status: 'PAUSED' }))).toBe(false);
    expect(sendable(row('a', { category: 'AUTHENTICATION' }))).toBe(false);
  });
  it('begins with the language of the house', () => {
    expect(bestLanguage(['en_US', 'pt_BR'], 'pt')).toBe('pt_BR');
    expect(bestLanguage(['en_US', 'es'], 'pt')).toBe('');
  });
});

describe('filling it in', () => {
  it('knows whom the greeting greets', () => {
    expect(prefill(row('a'), person)).toEqual({ 'body.1': 'Beatriz' });
    expect(prefill(row('a', { components: [{ type: 'BODY', text: 'Seu pedido {{1}} saiu.' }] }), person)).toEqual({});
  });
  it('knows names that say what they are', () => {
    const named = row('a', {
      format: 'named',
      components: [{ type: 'BODY', text: 'Oi {{nome}}, aqui é {{atendente}} da {{empresa}}: {{pedido}}' }],
    });
    expect(prefill(named, person)).toEqual({
      'body.nome': 'Beatriz',
      'body.atendente': 'Marina',
      'body.empresa': 'Quintal',
    });
    expect(
      templateSend(named, { 'body.nome': 'Bia', 'body.atendente': 'M', 'body.empresa': 'Q', 'body.pedido': ' 7 ' })
        .parameters.body,
    ).toEqual({
      nome: 'Bia',
      atendente: 'M',
      empresa: 'Q',
      pedido: '7',
    });
  });
  it('asks for everything, with the example that was approved', () => {
    const rich = row('a', {
      components: [
        { type: 'HEADER', format: 'IMAGE' },
        { type: 'BODY', text: '{{2}} e {{1}}', example: { body_text: [['um', 'dois']] } },
        {
          type: 'BUTTONS',
          buttons: [
            { type: 'QUICK_REPLY', text: 'Ok' },
            { type: 'URL', text: 'Ver', url: 'https://x.com/{{1}}', example: ['abc'] },
          ],
        },
      ],
    });
    const slots = slotsOf(rich);
    expect(slots.map((s) => [s.key, s.example])).toEqual([
      ['media', ''],
      ['body.2', 'dois'],
      ['body.1', 'um'],
      ['button.1', 'abc'],
    ]);
    const values = { 'body.1': 'A', 'body.2': 'B', 'button.1': 'z' };
    expect(slotProblems(slots, values, undefined)).toEqual({ media: 'file' });
    expect(slotProblems(slots, { ...values, 'body.1': 'a\nb' }, { id: 'f' })).toEqual({ 'body.1': 'lines' });
    expect(templateSend(rich, values, 'f').parameters).toEqual({
      header: [{ type: 'image', fileId: 'f' }],
      body: ['A', 'B'],
      buttons: [{ index: 1, text: 'z' }],
    });
    expect(templateText(rich, values)).toBe('B e A');
  });
  it('shows what is missing', () => {
    expect(filled(row('a'), { 'body.1': 'Bia' }).body).toBe('Olá, Bia! A consulta do {{2}} é {{3}}.');
  });
});
