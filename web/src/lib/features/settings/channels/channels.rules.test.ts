import { describe, expect, it } from 'vitest';
import type { ChannelRow, KindInfo } from './channels.types';
import { draftOf, kindForm, linesOf, missing, setValue, shownLines, typedValues } from './kinds.rules';
import { pretty, sums } from './log.rules';
import { guessServers, providerOf, securityOf } from './mail.rules';
import { changeOf, settingsForm } from './settings.rules';
import { byKind, currentError, tierLimit, tokenDays } from './state.rules';

const email: KindInfo = {
  kind: 'email',
  label: 'E-mail',
  can: [],
  oauth: false,
  checks: true,
  settings: [
    { name: 'imapHost', type: 'text' },
    { name: 'imapPort', type: 'int' },
    { name: 'imapSecurity', type: 'enum', values: ['tls', 'starttls', 'none'], default: 'tls' },
    { name: 'importDays', type: 'int', default: 7 },
    { name: 'quote', type: 'bool', default: true },
    { name: 'signature', type: 'object' },
    { name: 'auth', type: 'enum', values: ['password', 'oauth2'], default: 'password' },
    { name: 'clientId', type: 'text', values: null },
    { name: 'novelty', type: 'text', required: true },
  ],
  secrets: [
    { name: 'password', type: 'text', secret: true },
    { name: 'refreshToken', type: 'text', secret: true },
  ],
};
const paths = (lines: readonly (readonly { path: string }[])[]) => lines.map((l) => l.map((f) => f.path).join('+'));

describe('the form of a kind', () => {
  it('shows what the server asks for, also what nobody drew, and hides what does not matter', () => {
    const form = kindForm(email);
    const { main, more } = linesOf(email);
    expect(paths(shownLines('email', main, form))).toEqual([
      'address',
      'secrets.password',
      'settings.imapHost+settings.imapPort',
      'settings.importDays',
      'settings.novelty',
    ]);
    expect(paths(shownLines('email', more, form))).toEqual([
      'settings.imapSecurity',
      'settings.quote',
      'settings.auth',
    ]);
    setValue(form, 'settings.auth', 'oauth2');
    expect(paths(shownLines('email', main, form))).toContain('secrets.refreshToken');
    expect(paths(shownLines('email', main, form))).not.toContain('secrets.password');
  });

  it('sends numbers as numbers, and nothing that is empty', () => {
    const form = kindForm(email);
    form.address = ' a@b.example ';
    setValue(form, 'settings.imapPort', '993');
    setValue(form, 'secrets.password', ' with blanks ');
    expect(draftOf(email, form)).toEqual({
      kind: 'email',
      address: 'a@b.example',
      settings: { imapPort: 993, imapSecurity: 'tls', importDays: 7, quote: true, auth: 'password' },
      secrets: { password: ' with blanks ' },
      defaultTeamId: null,
    });
    expect(missing(linesOf(email).main, form)).toEqual(['settings.novelty']);
  });

  it('saves settings only when they changed, and keeps those that it does not show', () => {
    const channel = {
      name: 'Caixa',
      address: 'a@b.example',
      defaultTeamId: null,
      defaultStageId: null,
      settings: { imapPort: 993, importDays: 7, quote: true, signature: { pt: 'Oi' }, hidden: { x: 1 } },
      greeting: { pt: 'Olá' },
      away: {},
      hours: null,
    } as unknown as ChannelRow;
    const form = settingsForm(email, channel);
    form.settings['imapSecurity'] = '';
    form.settings['auth'] = '';
    form.greeting.es = 'Hola';
    const change = changeOf(email, channel, form);
    expect(change.greeting).toEqual({ pt: 'Olá', es: 'Hola' });
    expect(change).not.toHaveProperty('settings');
    form.settings['importDays'] = '30';
    expect(changeOf(email, channel, form).settings).toMatchObject({
      importDays: 30,
      hidden: { x: 1 },
      signature: { pt: 'Oi' },
    });
  });

  it('tokens lose the blanks that copying brought, passwords keep theirs', () => {
    const rows = ['token', 'appSecret', 'password'].map((name) => ({ name, type: 'text' }));
    expect(typedValues(rows, { token: ' EAAG\nabc def ', appSecret: '12 34', password: ' ab cd ' })).toEqual({
      token: 'EAAGabcdef',
      appSecret: '1234',
      password: ' ab cd ',
    });
  });
});

describe('mail providers', () => {
  it('are known by their domains', () => {
    expect(providerOf(' Loja@GMAIL.com ')).toBe('gmail');
    expect(providerOf('a@minhaloja.com.br')).toBeUndefined();
    expect(guessServers('a@minhaloja.com.br').imapHost).toBe('imap.minhaloja.com.br');
    expect([
      securityOf('smtp', '587'),
      securityOf('smtp', '465'),
      securityOf('imap', '143'),
      securityOf('imap', '10143'),
    ]).toEqual(['starttls', 'tls', 'starttls', undefined]);
  });
});

describe('the log', () => {
  it('lays JSON out without changing a digit', () => {
    expect(pretty('{"id":12345678901234567890,"a":[],"b":{"c":"x,{y"}}')).toBe(
      '{\n  "id": 12345678901234567890,\n  "a": [],\n  "b": {\n    "c": "x,{y"\n  }\n}',
    );
  });
  it('shows escaped letters, and leaves what hides or ends a text escaped', () => {
    expect(pretty('["Ol\\u00e1 \\ud83d\\udc4b","\\u202e\\u0022\\n","https:\\/\\/x"]')).toBe(
      '[\n  "Olá 👋",\n  "\\u202e\\u0022\\n",\n  "https://x"\n]',
    );
  });
  it('takes what is cut or no JSON at all', () => {
    expect(pretty('{"a":"b')).toBe('{\n  "a": "b');
    expect(pretty('<html>&')).toBe('<html>&');
    expect(pretty(']]}')).toBe(']]}');
  });
  it('counts what a body held', () => {
    expect(sums({ statuses: 1, messages: 3, notes: 0, text: 'x' })).toEqual([
      ['messages', 3],
      ['statuses', 1],
    ]);
  });
});

describe('states', () => {
  const now = Date.parse('2026-11-20T12:00:00Z');
  it('warn of an access that ends soon', () => {
    expect(tokenDays('2026-11-25T13:00:00Z', now)).toBe(5);
    expect(tokenDays('2026-11-19T00:00:00Z', now)).toBe(0);
    expect(tokenDays('2027-01-19T00:00:00Z', now)).toBeUndefined();
    expect(tokenDays(null, now)).toBeUndefined();
  });
  it('tell an error that matters from none', () => {
    expect(currentError({ status: 'connected', lastError: null, statusReason: 'OLD' })).toBeUndefined();
    expect(currentError({ status: 'disconnected', lastError: null, statusReason: 'META_TOKEN' })?.code).toBe(
      'META_TOKEN',
    );
  });
  it('read tiers and order kinds', () => {
    expect(['TIER_250', 'TIER_2K', 'TIER_100K', 'TIER_UNLIMITED', undefined].map(tierLimit)).toEqual([
      250,
      2000,
      100_000,
      undefined,
      undefined,
    ]);
    expect(byKind([{ kind: 'x' }, { kind: 'webchat' }, { kind: 'whatsapp' }]).map((k) => k.kind)).toEqual([
      'whatsapp',
      'webchat',
      'x',
    ]);
  });
});
