/* The settings of a connected account as its form has them, and as the server takes them. */
import { type Hours, readHours } from '../parts/hours.rules';
import type { ChannelChange } from './channels.service';
import type { ChannelRow, KindInfo, Words } from './channels.types';
import { kindForm, type KindForm, readRow, typedValues } from './kinds.rules';
import { filled, readWords } from './webchat.rules';

export interface SettingsForm extends KindForm {
  greeting: Words;
  away: Words;
  hours: Hours | null;
  /** Of e-mail; null where the kind has none. */
  signature: Words | null;
}

const signatureRow = (info: KindInfo) => info.settings.map(readRow).find((r) => r.name === 'signature');

/* One text for all languages is shown in each. */
function readSignature(value: unknown): Words {
  return typeof value === 'string' ? { pt: value, es: value, en: value } : readWords(value);
}

export function settingsForm(info: KindInfo, channel: ChannelRow): SettingsForm {
  return {
    ...kindForm(info, channel),
    greeting: readWords(channel.greeting),
    away: readWords(channel.away),
    hours: readHours(channel.hours),
    signature: signatureRow(info) ? readSignature(channel.settings['signature']) : null,
  };
}

const sorted = (o: Record<string, unknown>) => JSON.stringify(Object.entries(o).sort(([a], [b]) => (a < b ? -1 : 1)));
const same = (a: Record<string, unknown>, b: Record<string, unknown>) => sorted(a) === sorted(b);

/** All settings of the kind, since the server takes them as a whole: what the form does not show stays. */
export function changeOf(info: KindInfo, channel: ChannelRow, form: SettingsForm): ChannelChange {
  const kept = Object.fromEntries(Object.entries(channel.settings).filter(([k]) => !(k in form.settings)));
  const row = signatureRow(info);
  const words = form.signature && filled(form.signature);
  if (row) {
    delete kept['signature'];
    if (row.type === 'object' && words) kept['signature'] = words;
    else if (words) kept['signature'] = words.pt ?? words.es ?? words.en ?? '';
  }
  const settings = { ...kept, ...typedValues(info.settings, form.settings) };
  const secrets = typedValues(info.secrets, form.secrets);
  return {
    name: form.name.trim(),
    defaultTeamId: form.defaultTeamId || null,
    defaultStageId: form.defaultStageId || null,
    greeting: filled(form.greeting) ?? {},
    away: filled(form.away) ?? {},
    hours: form.hours,
    /* The same settings are not sent: what is sent is looked at anew. */
    ...(same(settings, channel.settings) ? {} : { settings }),
    ...(same(secrets, typedValues(info.secrets, kindForm(info).secrets)) ? {} : { secrets }),
  };
}
