/* On every page: whoever manages webhooks is told when one was switched off. */
import { on } from '$lib/events/events.svelte';
import { t } from '$lib/i18n/i18n.svelte';
import { paths } from '$lib/paths';
import { toast } from '$lib/ui/toast.svelte';
import { go } from '../../../../../routes';

/** Returns the end of it. */
export function tellOfWebhooks(): () => void {
  return on('notice.webhook', ({ webhookId, name, reason }) => {
    toast({
      kind: 'danger',
      text: reason === 'gone' ? t('webhooks.noticeGone', { name }) : t('webhooks.noticeFailing', { name }),
      action: { label: t('webhooks.open'), run: () => void go(paths.settings('webhooks', webhookId)) },
      seconds: 0,
    });
  });
}
