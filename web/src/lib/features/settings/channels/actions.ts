/* What is done to an account from its row and from its page alike. */
import { t } from '$lib/i18n/i18n.svelte';
import { report } from '$lib/shell/report';
import { toast } from '$lib/ui/toast.svelte';
import { remove } from '../parts/remove';
import { channels } from './channels.service';
import type { ChannelRow } from './channels.types';

export async function setPaused(
  c: Pick<ChannelRow, 'id' | 'name'>,
  what: 'pause' | 'resume',
  onchanged: () => Promise<void>,
): Promise<void> {
  try {
    await channels[what](c.id);
    await onchanged();
    toast({
      text:
        what === 'pause'
          ? t('settings.channels.paused', { name: c.name })
          : t('settings.channels.resumed', { name: c.name }),
      undo: () => void setPaused(c, what === 'pause' ? 'resume' : 'pause', onchanged),
    });
  } catch (e) {
    report(e);
  }
}

export async function dropChannel(
  c: Pick<ChannelRow, 'id' | 'name' | 'chats30Days'>,
  onchanged: () => Promise<void>,
  back?: string,
): Promise<void> {
  const gone = await remove(
    {
      ask: t('settings.channels.deleteAsk', { name: c.name }),
      text: t('settings.channels.deleteText', { n: c.chats30Days }),
      action: t('settings.channels.delete'),
      type: c.name,
      run: () => channels.remove(c.id),
      done: t('settings.channels.deleted', { name: c.name }),
    },
    back,
  );
  if (gone) await onchanged();
}
