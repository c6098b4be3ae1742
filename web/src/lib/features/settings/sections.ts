/* The pages of the settings, in the order of the menu. To add one: a line here, its text settings.menu.<id>, its component. */
import type { Component } from 'svelte';
import type { IconName } from '$lib/ui/icons';

export interface SectionProps {
  /** What is open in the section: an entity's id, or "new". */
  id: string | undefined;
}

export interface Section {
  id: SectionId;
  icon: IconName;
  /** Any of these opens it; without one it is everybody's. */
  permissions?: readonly string[];
  load: () => Promise<{ default: Component<SectionProps> }>;
}

/* Sections where nothing opens take no id. */
const alone = (load: () => Promise<{ default: Component }>) => load as unknown as Section['load'];

export type GroupId = 'me' | 'account' | 'service' | 'customers' | 'integrations';
export type SectionId =
  | 'profile'
  | 'security'
  | 'preferences'
  | 'organization'
  | 'hours'
  | 'people'
  | 'roles'
  | 'teams'
  | 'mail'
  | 'audit'
  | 'jobs'
  | 'channels'
  | 'shortcuts'
  | 'closure-types'
  | 'tags'
  | 'fields'
  | 'funnels'
  | 'api-keys'
  | 'webhooks';

export const groups: readonly { id: GroupId; sections: readonly Section[] }[] = [
  {
    id: 'account',
    sections: [
      {
        id: 'organization',
        icon: 'building-2',
        permissions: ['organization.manage'],
        load: alone(() => import('./organization/OrganizationSection.svelte')),
      },
      {
        id: 'hours',
        icon: 'clock',
        permissions: ['organization.manage'],
        load: alone(() => import('./organization/HoursSection.svelte')),
      },
      {
        id: 'people',
        icon: 'users',
        permissions: ['users.manage'],
        load: () => import('./people/PeopleSection.svelte'),
      },
      { id: 'roles', icon: 'shield', permissions: ['roles.manage'], load: () => import('./roles/RolesSection.svelte') },
      {
        id: 'teams',
        icon: 'users-round',
        permissions: ['teams.manage'],
        load: () => import('./teams/TeamsSection.svelte'),
      },
      {
        id: 'mail',
        icon: 'mail',
        permissions: ['organization.manage'],
        load: alone(() => import('./organization/MailSection.svelte')),
      },
      {
        id: 'audit',
        icon: 'history',
        permissions: ['audit.view'],
        load: alone(() => import('./organization/AuditSection.svelte')),
      },
      {
        id: 'jobs',
        icon: 'circle-pause',
        permissions: ['jobs.manage'],
        load: alone(() => import('./organization/JobsSection.svelte')),
      },
    ],
  },
  {
    id: 'service',
    sections: [
      {
        id: 'channels',
        icon: 'inbox',
        permissions: ['channels.manage'],
        load: () => import('./channels/ChannelsSection.svelte'),
      },
      {
        id: 'shortcuts',
        icon: 'zap',
        permissions: ['chats.view'],
        load: () => import('./inbox/ShortcutsSection.svelte'),
      },
      {
        id: 'closure-types',
        icon: 'circle-check',
        permissions: ['closure_types.manage'],
        load: () => import('./inbox/ClosureTypesSection.svelte'),
      },
    ],
  },
  {
    id: 'customers',
    sections: [
      { id: 'tags', icon: 'tag', permissions: ['tags.manage'], load: () => import('./crm/TagsSection.svelte') },
      {
        id: 'fields',
        icon: 'text-cursor-input',
        permissions: ['fields.manage'],
        load: () => import('./crm/FieldsSection.svelte'),
      },
      {
        id: 'funnels',
        icon: 'square-kanban',
        permissions: ['funnels.manage'],
        load: () => import('./crm/FunnelsSection.svelte'),
      },
    ],
  },
  {
    id: 'integrations',
    sections: [
      {
        id: 'api-keys',
        icon: 'key-round',
        permissions: ['api_keys.manage'],
        load: () => import('./integrations/KeysSection.svelte'),
      },
      {
        id: 'webhooks',
        icon: 'send',
        permissions: ['webhooks.manage'],
        load: () => import('./integrations/webhooks/WebhooksSection.svelte'),
      },
    ],
  },
  {
    id: 'me',
    sections: [
      { id: 'profile', icon: 'user-round', load: alone(() => import('./me/ProfileSection.svelte')) },
      { id: 'security', icon: 'lock', load: alone(() => import('./me/SecuritySection.svelte')) },
      { id: 'preferences', icon: 'bell', load: alone(() => import('./me/PreferencesSection.svelte')) },
    ],
  },
];

export function findSection(id: string | undefined): Section | undefined {
  return groups.flatMap((g) => g.sections).find((s) => s.id === id);
}

/** The groups with the sections that these permissions open. */
export function allowedGroups(can: (permission: string) => boolean): { id: GroupId; sections: Section[] }[] {
  return groups
    .map((g) => ({ id: g.id, sections: g.sections.filter((s) => allows(s, can)) }))
    .filter((g) => g.sections.length > 0);
}

export function allows(section: Section, can: (permission: string) => boolean): boolean {
  return !section.permissions || section.permissions.some(can);
}
