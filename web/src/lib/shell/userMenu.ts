/* The entries of the person's menu, in the rail and in the phone's bar. */
import { locale, locales, setLocale, t } from '$lib/i18n/i18n.svelte';
import { paths } from '$lib/paths';
import type { MenuItem } from '$lib/ui/Menu.svelte';
import { report } from './report';
import { logout, session, setAvailability, updateMe } from './session.svelte';
import { theme } from './theme.svelte';

export function userMenu(onhelp: () => void): MenuItem[] {
  const now = session.org?.me.availability;
  return [
    { heading: t('shell.availability') },
    ...(['online', 'away'] as const).map((a) => ({
      label: t(`shell.availability.${a}`),
      checked: now === a,
      onselect: () => void setAvailability(a),
    })),
    { heading: t('shell.language') },
    ...locales.map((l) => ({ label: l.name, checked: locale() === l.id, onselect: () => void chooseLanguage(l.id) })),
    { heading: t('shell.theme') },
    ...(['light', 'dark', 'system'] as const).map((x) => ({
      label: t(`shell.theme.${x}`),
      checked: theme.choice === x,
      onselect: () => theme.set(x),
    })),
    { separator: true },
    { label: t('shell.profile'), icon: 'user-round', href: paths.settings('profile') },
    { label: t('shell.shortcuts'), icon: 'keyboard', kbd: '?', onselect: onhelp },
    { label: t('shell.logout'), icon: 'log-out', onselect: () => void logout() },
  ];
}

async function chooseLanguage(id: (typeof locales)[number]['id']): Promise<void> {
  try {
    await setLocale(id);
    await updateMe({ language: id });
  } catch (e) {
    report(e);
  }
}
