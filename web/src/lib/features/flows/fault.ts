/* Why a step of a flow failed, in the person's words: of flows, else of the channel or the server that refused it. */
import { tMaybe } from '$lib/i18n/i18n.svelte';
import type { Fault } from './types';

export function faultText(fault: Pick<Fault, 'code' | 'message'>): string {
  const { code, message = '' } = fault;
  const own = tMaybe(`channels.code.${code}`, tMaybe(`errors.code.${code}`, message || code));
  return tMaybe(`flows.fault.${code}`, own, { n: /\d+/.exec(message)?.[0] ?? '' });
}
