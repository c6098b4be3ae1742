import { describe, expect, it } from 'vitest';
import {
  addAddresses,
  addressText,
  bareSubject,
  foldQuote,
  isAddress,
  mailHead,
  otherReceiver,
  readAddress,
  readAddresses,
  replySubject,
  sameSubject,
  unmark,
} from './mail.rules';

describe('addresses', () => {
  it('are read as people write them', () => {
    expect(readAddress(' ana@x.com.br ')).toEqual({ name: '', address: 'ana@x.com.br' });
    expect(readAddress('"Souza, Ana" <ana@x.com>')).toEqual({ name: 'Souza, Ana', address: 'ana@x.com' });
    expect(readAddress('Ana <ana@x>')).toBeUndefined();
  });
  it('come many at once, and what is none stays', () => {
    expect(readAddresses('ana@x.com, Bia <bia@x.com>; carlos')).toEqual({
      good: [
        { name: '', address: 'ana@x.com' },
        { name: 'Bia', address: 'bia@x.com' },
      ],
      rest: 'carlos',
    });
    expect(readAddresses('a@x.com b@x.com').good).toHaveLength(2);
  });
  it('are there once', () => {
    const a = { name: '', address: 'Ana@X.com' };
    expect(addAddresses([a], [{ name: 'Ana', address: 'ana@x.com' }])).toEqual([a]);
    expect(addressText({ name: 'Ana', address: 'a@x.com' })).toBe('Ana <a@x.com>');
  });
  it('do not smuggle headers', () => {
    expect(['a@x.com\nBcc: b@y.com', 'a b@x.com', 'a@@x.com', 'a..b@x.com', '@x.com'].some(isAddress)).toBe(false);
  });
});

describe('the head of a mail', () => {
  it('is read from what the server keeps', () => {
    const head = mailHead({
      kind: 'email',
      data: {
        mail: {
          subject: 'Orçamento',
          from: { name: 'Ana', address: 'ana@x.com' },
          to: [{ name: '', address: 'loja@y.com' }],
          cc: ['Bia <bia@x.com>'],
          hasHtml: true,
          quoted: true,
          auto: 'auto-reply',
        },
        automatic: true,
      },
    });
    expect(head).toMatchObject({
      subject: 'Orçamento',
      from: { name: 'Ana', address: 'ana@x.com' },
      cc: [{ name: 'Bia', address: 'bia@x.com' }],
      automatic: true,
      hasHtml: true,
      hasQuoted: true,
      cut: false,
      fault: '',
    });
  });
  it('says no program wrote what a person wrote', () => {
    expect(mailHead({ kind: 'email', data: { mail: { auto: 'person' } } })?.automatic).toBe(false);
    expect(mailHead({ kind: 'email', data: { mail: { auto: 'bounce' } } })).toMatchObject({ bounce: true });
    expect(mailHead({ kind: 'text', data: {} })).toBeUndefined();
  });

  it('an answer that goes elsewhere', () => {
    const mail = {
      kind: 'email',
      direction: 'in',
      data: { mail: { replyTo: { name: 'Bia', address: 'bia@b.example' } } },
    };
    expect(otherReceiver(mail, 'ana@a.example')).toEqual({ name: 'Bia', address: 'bia@b.example' });
    expect(otherReceiver(mail, 'Bia@B.example')).toBeUndefined();
    expect(otherReceiver({ ...mail, direction: 'out' }, 'ana@a.example')).toBeUndefined();
    expect(otherReceiver({ ...mail, data: { mail: {} } }, 'ana@a.example')).toBeUndefined();
    expect(otherReceiver(undefined, 'ana@a.example')).toBeUndefined();
  });
});

describe('subjects', () => {
  it('are the same under their prefixes', () => {
    expect(bareSubject('RES: Re[2]: Enc:  Proposta  para 3 gatos')).toBe('Proposta para 3 gatos');
    expect(sameSubject('Re: Proposta', 'proposta')).toBe(true);
    expect(sameSubject('Proposta', 'Outra')).toBe(false);
    expect(replySubject('RV: Proposta')).toBe('Re: Proposta');
    expect(replySubject('')).toBe('');
    /* A word that only begins like one. */
    expect(bareSubject('Resumo: maio')).toBe('Resumo: maio');
  });
});

describe('the history of a mail', () => {
  it('is folded from the line that introduces it', () => {
    const f = foldQuote(
      'Pode ser.\n\nEm qui., 19 de nov. de 2026 às 10:40, Loja <l@x.com> escreveu:\n> Amanhã às 10?\n> Abraço\n',
    );
    expect(f.fresh).toBe('Pode ser.');
    expect(f.quoted).toContain('escreveu:');
  });
  it('also when that line is broken, or is a block of headers', () => {
    expect(foldQuote('Ok\n\nOn Thu, Nov 19, 2026 at 10:40 AM Loja da Lola\n<loja@x.com> wrote:\n> Hi').fresh).toBe(
      'Ok',
    );
    expect(foldQuote('Ok\n\nDe: Loja\nEnviado: quinta\nPara: Ana\nAssunto: Oi\n\ntexto').fresh).toBe('Ok');
    expect(foldQuote('Ok\n-----Mensagem original-----\nx').fresh).toBe('Ok');
    expect(foldQuote('Ok\n> um\n>\n> dois').fresh).toBe('Ok');
  });
  it('loses the marks of one level when it is shown', () => {
    expect(unmark('Loja escreveu:\n> um\n>> dois\n>\nfim')).toBe('Loja escreveu:\num\n> dois\n\nfim');
  });
  it('is not folded when the answers stand between the lines', () => {
    const inline = 'Segue:\n\nOn Thu, Nov 19, 2026 Loja wrote:\n> Cor?\nAzul\n> Tamanho?\nM';
    expect(foldQuote(inline)).toEqual({ fresh: inline, quoted: '' });
  });
  it('does not eat a whole mail, nor words that only look so', () => {
    expect(foldQuote('> só citação').fresh).toBe('> só citação');
    expect(foldQuote('Em maio ela escreveu um livro.\nDe: nada').quoted).toBe('');
  });
});
