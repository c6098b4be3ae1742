/* Small things that pages tell the shell: counts on its icons, and when the phone's bottom bar must make room. */

import { untrack } from 'svelte';

let badges = $state.raw<Record<string, number>>({});
let hidden = $state(0);

/** The count on an area's icon ("inbox"), and the sum in the tab's title. */
export function setBadge(area: string, count: number): void {
  untrack(() => {
    if ((badges[area] ?? 0) !== count) badges = { ...badges, [area]: count };
  });
}

export function badge(area: string): number {
  return badges[area] ?? 0;
}

/** Hides the bottom bar on phones while an inner page (an open chat) is shown: `$effect(() => hideTabbar())`. */
export function hideTabbar(): () => void {
  untrack(() => {
    hidden += 1;
  });
  return () =>
    untrack(() => {
      hidden -= 1;
    });
}

export function tabbarHidden(): boolean {
  return hidden > 0;
}
