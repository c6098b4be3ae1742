import { describe, expect, it } from 'vitest';
import { fieldKinds, formOf, optionsBody, optionsWrong } from './fields.rules';

describe('custom fields', () => {
  it('knows thirteen kinds', () => {
    expect(new Set(fieldKinds.map((k) => k.kind)).size).toBe(13);
  });

  it('keeps ids of options and drops empty rows', () => {
    const form = formOf({
      id: 'f',
      slug: 's',
      name: 'n',
      kind: 'select',
      required: 'no',
      help: '',
      position: 0,
      options: [{ id: 'a', label: 'Ouro', color: '#c27c0a' }],
    });
    const options = [
      ...form.options,
      { key: 'n1', label: ' Prata ', color: '#8c929f' },
      { key: 'n2', label: ' ', color: '#8c929f' },
    ];
    expect(optionsBody(options)).toEqual([
      { id: 'a', label: 'Ouro', color: '#c27c0a' },
      { label: 'Prata', color: '#8c929f' },
    ]);
  });

  it('refuses none and doubles, accents ignored', () => {
    const o = (label: string) => ({ key: label, label, color: '#8c929f' });
    expect([optionsWrong([]), optionsWrong([o('Não'), o('nao')]), optionsWrong([o('Sim'), o('Não')])]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
