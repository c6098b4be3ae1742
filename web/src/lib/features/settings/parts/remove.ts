/* Taking something away for good, the same way everywhere: it asks by naming the thing, says that it is done and goes back to
   the list; a refusal is said in words and changes nothing. */
import { t } from '$lib/i18n/i18n.svelte';
import { report } from '$lib/shell/report';
import { confirm } from '$lib/ui/confirm.svelte';
import { toast } from '$lib/ui/toast.svelte';
import { go } from '../../../../routes';

export interface Removal {
  /** The question, with the thing's name in it. */
  ask: string;
  /** What goes with it. */
  text?: string | undefined;
  /** The verb on the button; "Delete" when nothing is said. */
  action?: string | undefined;
  /** Must be typed first: for what cannot be had back. */
  type?: string | undefined;
  run: () => Promise<unknown>;
  done: string;
  /** A refusal that has a place of its own; false leaves it to the usual words. */
  refused?: ((error: unknown) => boolean) | undefined;
}

/** True when it is gone. `back`: where one is afterwards. */
export async function remove(r: Removal, back?: string): Promise<boolean> {
  const yes = await confirm({
    title: r.ask,
    ...(r.text === undefined ? {} : { body: r.text }),
    action: r.action ?? t('ui.delete'),
    danger: true,
    ...(r.type === undefined ? {} : { type: r.type }),
  });
  if (!yes) return false;
  try {
    await r.run();
  } catch (e) {
    if (!r.refused?.(e)) report(e);
    return false;
  }
  toast({ text: r.done });
  if (back !== undefined) void go(back);
  return true;
}
