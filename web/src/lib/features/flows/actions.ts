/* What is done with a whole flow, from the list and from the editor. */
import { t } from '$lib/i18n/i18n.svelte';
import { paths } from '$lib/paths';
import { report } from '$lib/shell/report';
import { confirm } from '$lib/ui/confirm.svelte';
import { toast } from '$lib/ui/toast.svelte';
import { go } from '../../../routes';
import { flowsApi } from './api';
import type { FlowItem } from './types';

/** A name for a file: what a file system takes of the flow's. */
export function fileName(name: string): string {
  const plain = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase();
  return `${plain || 'flow'}.json`;
}

export async function exportFlow(flow: Pick<FlowItem, 'id' | 'name'>): Promise<void> {
  try {
    const data = await flowsApi.exported(flow.id);
    const url = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' }));
    const a = document.createElement('a');
    a.href = url;
    a.download = fileName(flow.name);
    a.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch (e) {
    report(e);
  }
}

export async function duplicateFlow(flow: Pick<FlowItem, 'id'>): Promise<void> {
  try {
    const copy = await flowsApi.duplicate(flow.id);
    toast({ text: t('flows.duplicated') });
    await go(paths.flow(copy.id));
  } catch (e) {
    report(e);
  }
}

/** Asks, and removes; true when it is gone. */
export async function removeFlow(flow: FlowItem): Promise<boolean> {
  const yes = await confirm({
    title: t('flows.deleteAsk', { name: flow.name }),
    body: t('flows.deleteText'),
    action: t('flows.delete'),
    danger: true,
    ...(flow.publishedVersion !== null && flow.enabled ? { type: flow.name } : {}),
  });
  if (!yes) return false;
  try {
    await flowsApi.remove(flow.id);
    toast({ text: t('flows.deleted', { name: flow.name }) });
    if (location.pathname !== paths.flows()) await go(paths.flows());
    return true;
  } catch (e) {
    report(e);
    return false;
  }
}
