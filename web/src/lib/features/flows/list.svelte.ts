/* The flows of the organization, kept while one goes into a flow and back. */
import type { Id } from '$lib/api/types';
import { isAborted } from '$lib/api/error';
import { on, onReload } from '$lib/events/events.svelte';
import { t } from '$lib/i18n/i18n.svelte';
import { report } from '$lib/shell/report';
import { org } from '$lib/shell/session.svelte';
import { toast } from '$lib/ui/toast.svelte';
import { flowsApi } from './api';
import type { FlowItem } from './types';

class Flows {
  items: readonly FlowItem[] = $state.raw([]);
  loading = $state(false);
  error: unknown = $state.raw();
  loaded: Id | undefined = $state();
  #stop: AbortController | undefined;

  async reload(): Promise<void> {
    this.#stop?.abort();
    const stop = (this.#stop = new AbortController());
    const of = org().organization.id;
    if (this.loaded !== of) this.items = [];
    this.loading = true;
    try {
      this.items = await flowsApi.list(stop.signal);
      this.loaded = of;
      this.error = undefined;
    } catch (e) {
      if (!isAborted(e)) this.error = e;
    }
    if (this.#stop === stop) this.loading = false;
  }

  /** Loads now, and again when something changes; sessions come and go often, so their counts are gathered. */
  live(): () => void {
    void this.reload();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = (ms: number) => () => {
      clearTimeout(timer);
      timer = setTimeout(() => void this.reload(), ms);
    };
    const offs = [on('flow.changed', soon(300)), on('flow.session', soon(4000)), onReload(() => void this.reload())];
    return () => {
      clearTimeout(timer);
      this.#stop?.abort();
      for (const off of offs) off();
    };
  }

  put(item: FlowItem): void {
    this.items = this.items.map((f) => (f.id === item.id ? { ...f, ...item } : f));
  }

  drop(id: Id): void {
    this.items = this.items.filter((f) => f.id !== id);
  }

  async setEnabled(flow: FlowItem, enabled: boolean): Promise<void> {
    this.put({ ...flow, enabled });
    try {
      this.put(await flowsApi.change(flow.id, { enabled }));
      toast({ text: enabled ? t('flows.enabled', { name: flow.name }) : t('flows.disabled', { name: flow.name }) });
    } catch (e) {
      this.put(flow);
      report(e);
    }
  }
}

export const flows = new Flows();
