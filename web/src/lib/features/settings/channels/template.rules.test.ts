import { describe, expect, it } from 'vitest';
import {
  cleanName,
  emptyTemplate,
  exampleKeys,
  fillText,
  formView,
  spans,
  templateBody,
  templateProblems,
  variables,
  viewOf,
} from './template.rules';

const form = (change: object = {}) => ({
  ...emptyTemplate('pt_BR'),
  name: 'pedido',
  body: 'Oi, {{1}}, tudo bem?',
  examples: { 'body.1': 'Ana' },
  ...change,
});

describe('a template', () => {
  it('makes a name of what is typed', () => {
    expect(cleanName('Pedido saiu, João!')).toBe('pedido_saiu_joao_');
  });

  it('is sent as the platform writes it, positional', () => {
    const body = templateBody(
      form({
        header: 'Pedido {{1}}',
        body: 'Oi, {{2}}: o {{1}} saiu.',
        examples: { 'header.1': '42', 'body.1': 'pedido', 'body.2': 'Ana' },
        footer: ' Loja ',
        buttons: [
          { kind: 'URL', text: 'Ver', target: 'https://loja.example/p' },
          { kind: 'PHONE_NUMBER', text: 'Ligar', target: '+55 (11) 98421-7730' },
        ],
      }),
    );
    expect(body).toEqual({
      name: 'pedido',
      language: 'pt_BR',
      category: 'UTILITY',
      format: 'positional',
      components: [
        { type: 'HEADER', format: 'TEXT', text: 'Pedido {{1}}', example: { header_text: ['42'] } },
        { type: 'BODY', text: 'Oi, {{2}}: o {{1}} saiu.', example: { body_text: [['pedido', 'Ana']] } },
        { type: 'FOOTER', text: 'Loja' },
        {
          type: 'BUTTONS',
          buttons: [
            { type: 'URL', text: 'Ver', url: 'https://loja.example/p' },
            { type: 'PHONE_NUMBER', text: 'Ligar', phone_number: '+5511984217730' },
          ],
        },
      ],
    });
  });

  it('is sent with names', () => {
    const body = templateBody(form({ body: 'Oi, {{nome}}, até já.', examples: { 'body.nome': 'Ana' } }));
    expect(body.format).toBe('named');
    expect(body.components[0]).toMatchObject({
      example: { body_text_named_params: [{ param_name: 'nome', example: 'Ana' }] },
    });
  });

  it('is refused before the platform would', () => {
    const wrong = (change: object) => templateProblems(form(change));
    expect(wrong({})).toEqual({});
    expect(wrong({ name: '', body: ' ' })).toMatchObject({ name: 'nameEmpty', body: 'textEmpty' });
    expect(wrong({ body: '{{1}} oi' })).toMatchObject({ body: 'variableEdge' });
    expect(wrong({ body: 'a {{1}} b {{3}} c' })).toMatchObject({ body: 'variableGap' });
    expect(wrong({ body: 'a {{1}} b {{nome}} c' })).toMatchObject({ body: 'variableMixed' });
    expect(wrong({ body: 'a {{Nome}} c' })).toMatchObject({ body: 'variableName' });
    expect(wrong({ body: 'a {{1} c' })).toMatchObject({ body: 'braces' });
    expect(wrong({ body: 'x'.repeat(1025) })).toMatchObject({ body: 'tooLong' });
    expect(wrong({ header: 'a {{1}} {{2}}' })).toMatchObject({ header: 'variableMany' });
    expect(wrong({ header: 'a {{nome}} b' })).toMatchObject({ header: 'variableMixed' });
    expect(wrong({ footer: 'a {{1}}' })).toMatchObject({ footer: 'variableNone' });
    expect(wrong({ examples: {} })).toEqual({ 'examples.body.1': 'exampleEmpty' });
    const quick = { kind: 'QUICK_REPLY', text: 'Sim', target: '' };
    const url = { kind: 'URL', text: 'Ver', target: 'loja' };
    expect(wrong({ buttons: [quick, url, quick] })).toMatchObject({
      'buttons[1].target': 'url',
      buttons: 'buttonOrder',
    });
  });

  it('shows what the phone will', () => {
    expect(formView(form()).body).toBe('Oi, Ana, tudo bem?');
    expect(fillText('{{a}} {{b}}', (n) => (n === 'a' ? '1' : undefined))).toBe('1 {{b}}');
    expect([variables('{{ 1 }} {{1}} {{x}}'), exampleKeys({ header: '{{1}}', body: '{{1}}' })]).toEqual([
      ['1', 'x'],
      ['header.1', 'body.1'],
    ]);
    expect(spans('a *b* _c_ 2*3*4 ```d```')).toEqual([
      { text: 'a ' },
      { text: 'b', style: 'b' },
      { text: ' ' },
      { text: 'c', style: 'i' },
      { text: ' 2*3*4 ' },
      { text: 'd', style: 'code' },
    ]);
    expect(
      viewOf({
        components: [
          { type: 'HEADER', format: 'IMAGE' },
          { type: 'BODY', text: 'x' },
        ],
      }),
    ).toMatchObject({ media: 'image', body: 'x' });
  });
});
