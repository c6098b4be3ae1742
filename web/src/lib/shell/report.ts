/* The one place where failures become words. `report(e)` in a catch; errors of fields stay beside their fields. */
import { ApiError, isAborted } from '$lib/api/error';
import { t, tMaybe } from '$lib/i18n/i18n.svelte';
import { toast } from '$lib/ui/toast.svelte';

/** What a failure says to a person, and what to do next. A code with a text `errors.code.CODE` or
    `channels.code.CODE` speaks for itself. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return t('errors.unexpected');
  const own = tMaybe(`errors.code.${error.code}`, tMaybe(`channels.code.${error.code}`, ''));
  if (own) return own;
  if (error.code === 'NETWORK') return t('errors.network');
  if (error.code === 'TIMEOUT') return t('errors.timeout');
  switch (error.status) {
    case 401:
      return t('errors.signedOut');
    case 403:
      return t('errors.forbidden');
    case 404:
    case 410:
      return t('errors.notFound');
    case 409:
      return t('errors.conflict');
    case 413:
      return t('errors.tooBig');
    case 400:
    case 422:
      return error.details[0]?.message || t('errors.invalid');
    case 429:
      return error.retryAfterSeconds ? t('errors.busySeconds', { n: error.retryAfterSeconds }) : t('errors.busy');
    default:
      return t('errors.server', { id: error.requestId ?? String(error.status) });
  }
}

/** Tells the person; what they cancelled themselves is silent. `retry` puts a button beside it. */
export function report(error: unknown, retry?: () => void): void {
  if (isAborted(error)) return;
  if (!(error instanceof ApiError)) console.error(error);
  toast({
    text: errorText(error),
    kind: 'danger',
    action: retry ? { label: t('errors.retry'), run: retry } : undefined,
  });
}

/** Catches what nobody caught. Called once at the start. */
export function reportEverything(): void {
  window.addEventListener('unhandledrejection', (e) => {
    e.preventDefault();
    report(e.reason);
  });
  window.addEventListener('error', (e) => {
    /* The browser's own complaint about late layout, harmless */
    if (!e.message.startsWith('ResizeObserver')) report(e.error ?? new Error(e.message));
  });
}
