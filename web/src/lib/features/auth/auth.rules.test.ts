import { describe, expect, it } from 'vitest';
import { currencyOf, guessCountry, looksLikeEmail, safeNext, strength } from './auth.rules';

describe('sign-in rules', () => {
  it('never leads to another site after signing in', () => {
    expect(safeNext('/customers?x=1')).toBe('/customers?x=1');
    for (const bad of [
      undefined,
      '',
      '//evil.com',
      '/\\evil.com',
      'https://evil.com',
      'javascript:alert(1)',
      '/login?next=/login',
    ]) {
      expect(safeNext(bad)).toBe('/inbox');
    }
  });

  it('judges passwords', () => {
    expect(strength('abc')).toBe('short');
    expect(strength('senha123456789')).toBe('weak');
    expect(strength('aaaaaaaaaaaaaaaa')).toBe('weak');
    expect(strength('cavalo verde na chuva 7')).toBe('strong');
  });

  it('guesses the country and its currency', () => {
    expect(guessCountry('America/Sao_Paulo', ['en-US'])).toBe('BR');
    expect(guessCountry('America/Argentina/Cordoba', [])).toBe('AR');
    expect(guessCountry('Etc/UTC', ['es-MX', 'en'])).toBe('MX');
    expect(guessCountry('Etc/UTC', ['xx'])).toBe('BR');
    expect(currencyOf('MX')).toBe('MXN');
  });

  it('knows an e-mail from a typing mistake', () => {
    expect(looksLikeEmail(' marina@quintal.com.br ')).toBe(true);
    for (const bad of ['bia@uol', 'bia uol.com', '@x.com', 'a@.com', 'a@b.']) expect(looksLikeEmail(bad)).toBe(false);
  });
});
