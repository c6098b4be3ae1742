import { tMaybe } from '$lib/i18n/i18n.svelte';
import { lookup } from '$lib/shell/session.svelte';

/** What a kind of channel is called. */
export const kindName = (kind: string): string =>
  tMaybe(`channels.kind.${kind}`, lookup.channelKind(kind)?.label ?? kind);
