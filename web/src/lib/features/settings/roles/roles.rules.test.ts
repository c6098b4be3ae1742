import { describe, expect, it } from 'vitest';
import { copyName, groupPermissions, mayEdit, mayRemove, type Permission, toggled } from './roles.rules';

const p = (name: string): Permission => ({ name, label: {}, help: {} });

describe('roles', () => {
  it('groups permissions and keeps unknown ones', () => {
    const groups = groupPermissions([p('organization.manage'), p('chats.view'), p('rockets.launch'), p('tags.manage')]);
    expect(groups.map((g) => [g.id, g.items.map((x) => x.name)])).toEqual([
      ['service', ['chats.view']],
      ['customers', ['tags.manage']],
      ['account', ['organization.manage']],
      ['other', ['rockets.launch']],
    ]);
  });

  it('turns on what a permission needs, and off what needs it', () => {
    expect(toggled([], 'chats.reply', true)).toEqual(['chats.reply', 'chats.view']);
    expect(toggled(['chats.reply', 'chats.view', 'tags.manage'], 'chats.view', false)).toEqual(['tags.manage']);
    expect(toggled(['customers.view'], 'customers.view', true)).toEqual(['customers.view']);
  });

  it('fixes the owner, and keeps built-in roles', () => {
    expect([mayEdit({ kind: 'owner' }), mayEdit({ kind: 'agent' }), mayRemove({ kind: 'agent' })]).toEqual([
      false,
      true,
      false,
    ]);
    expect(mayRemove({ kind: 'custom' })).toBe(true);
    expect(copyName('Agente', ['Agente', 'Agente 2'])).toBe('Agente 3');
  });
});
