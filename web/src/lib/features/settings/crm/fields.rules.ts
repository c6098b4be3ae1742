/* Custom fields: their kinds, their options. */
import type { CustomField, FieldKind } from '$lib/api/types';
import type { IconName } from '$lib/ui/icons';

export const fieldKinds: readonly { kind: FieldKind; icon: IconName }[] = [
  { kind: 'text', icon: 'text-cursor-input' },
  { kind: 'long_text', icon: 'text' },
  { kind: 'number', icon: 'hash' },
  { kind: 'money', icon: 'banknote' },
  { kind: 'date', icon: 'calendar' },
  { kind: 'datetime', icon: 'calendar-clock' },
  { kind: 'select', icon: 'circle-dot' },
  { kind: 'multi_select', icon: 'list' },
  { kind: 'yes_no', icon: 'toggle-left' },
  { kind: 'link', icon: 'link' },
  { kind: 'phone', icon: 'phone' },
  { kind: 'email', icon: 'mail' },
  { kind: 'file', icon: 'paperclip' },
];

export function kindIcon(kind: FieldKind): IconName {
  return fieldKinds.find((k) => k.kind === kind)?.icon ?? 'text-cursor-input';
}

export function hasOptions(kind: FieldKind): boolean {
  return kind === 'select' || kind === 'multi_select';
}

/** An option in the editor; `key` tells new ones apart until the server gives them an id. */
export interface OptionDraft {
  key: string;
  id?: string;
  label: string;
  color: string;
}

export interface FieldForm {
  name: string;
  slug: string;
  kind: FieldKind;
  help: string;
  required: CustomField['required'];
  options: OptionDraft[];
}

export function formOf(field: CustomField | undefined): FieldForm {
  return {
    name: field?.name ?? '',
    slug: field?.slug ?? '',
    kind: field?.kind ?? 'text',
    help: field?.help ?? '',
    required: field?.required ?? 'no',
    options: (field?.options ?? []).map((o) => ({ key: o.id, id: o.id, label: o.label, color: o.color ?? '#8c929f' })),
  };
}

/** The options for the server: empty rows are left out, ids are kept so that values stay with their option. */
export function optionsBody(options: readonly OptionDraft[]): { id?: string; label: string; color: string }[] {
  return options
    .filter((o) => o.label.trim() !== '')
    .map(({ id, label, color }) => ({ ...(id === undefined ? {} : { id }), label: label.trim(), color }));
}

/** True when two options read the same, or there is none. */
export function optionsWrong(options: readonly OptionDraft[]): boolean {
  const names = optionsBody(options).map((o) => o.label.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase());
  return names.length === 0 || new Set(names).size < names.length;
}
