import { describe, expect, it } from 'vitest';
import { addressLines, keyBody, looksLikeNetwork } from './keys.rules';

describe('API keys', () => {
  it('reads addresses however they are parted', () => {
    expect(addressLines(' 203.0.113.7\n203.0.113.0/24, 2001:db8::/32 203.0.113.7 ')).toEqual([
      '203.0.113.7',
      '203.0.113.0/24',
      '2001:db8::/32',
    ]);
  });

  it('knows addresses and networks', () => {
    for (const good of ['203.0.113.7', '10.0.0.0/8', '2001:db8::/32', '::1']) expect(looksLikeNetwork(good)).toBe(true);
    for (const bad of ['loja.example', '300.1.1.1', '10.0.0.0/33', '1.2.3', '10.0.0.0/8/9', '1::2::3', ''])
      expect(looksLikeNetwork(bad)).toBe(false);
  });

  it('sends a role or permissions, never both', () => {
    const form = { name: ' Loja ', addresses: '', by: 'role' as const, roleId: 'r', permissions: ['x'], rate: '600' };
    expect(keyBody(form)).toEqual({ name: 'Loja', allowedAddresses: [], ratePerMinute: 600, roleId: 'r' });
    expect(keyBody({ ...form, by: 'permissions' })).toMatchObject({ permissions: ['x'] });
  });
});
