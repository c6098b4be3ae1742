import { describe, expect, it } from 'vitest';
import { bodyOf, cleanOrigin, formOf, scriptTag, textOn } from './webchat.rules';

describe('web chat settings', () => {
  it('come back as they went', () => {
    const form = formOf(undefined);
    form.name = ' Site ';
    form.title.pt = ' Oi ';
    form.preChat = { name: 'required', email: 'optional', phone: 'no' };
    form.origins = ['https://loja.example'];
    const body = bodyOf(form);
    expect(body).toMatchObject({
      name: 'Site',
      defaultTeamId: null,
      settings: { title: { pt: 'Oi' }, preChat: { enabled: true, fields: ['name', 'email'], required: ['name'] } },
    });
    expect(body['settings']).not.toHaveProperty('welcome');
    expect(body['settings']).not.toHaveProperty('language');
    const again = formOf({
      name: 'Site',
      address: '',
      defaultTeamId: null,
      hours: null,
      settings: body['settings'] as Record<string, unknown>,
    });
    expect(again).toEqual({ ...form, name: 'Site', title: { pt: 'Oi', es: '', en: '' } });
  });

  it('asks nothing while the form before the chat is off', () => {
    const form = formOf({
      name: 'x',
      address: '',
      defaultTeamId: null,
      hours: null,
      settings: { preChat: { enabled: false, fields: ['name'] } },
    });
    expect(form.preChat).toEqual({ name: 'no', email: 'no', phone: 'no' });
  });

  it('takes sites as people paste them', () => {
    expect(cleanOrigin('https://Loja.example/produtos?x=1')).toBe('https://loja.example');
    expect(cleanOrigin('*.loja.example')).toBe('*.loja.example');
    expect(cleanOrigin('localhost:3000')).toBe('localhost:3000');
    for (const bad of ['', 'loja', 'http://', 'https://*.x.com', 'a b.com', 'javascript:alert(1)'])
      expect(cleanOrigin(bad)).toBeUndefined();
  });

  it('writes the tag, and text that can be read', () => {
    expect(scriptTag('https://a.b', 'k1')).toBe(
      '<script src="https://a.b/widget.js" data-channel="k1" async></script>',
    );
    expect([textOn('#ffffff'), textOn('#5a4fd6'), textOn('#f5d90a')]).toEqual(['#171a21', '#ffffff', '#171a21']);
  });
});
