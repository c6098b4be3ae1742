/* How a Field tells the control inside it who it is: the id for its label, what describes it, whether it is wrong. */
import { getContext, setContext } from 'svelte';

export interface FieldInfo {
  /** For the one control inside; none in a group, whose controls have names of their own. */
  readonly id: string | undefined;
  readonly labelId: string;
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
  readonly required: boolean;
  readonly disabled: boolean;
}

const key = Symbol('field');

export function provideField(info: FieldInfo): void {
  setContext(key, info);
}

export function useField(): FieldInfo | undefined {
  return getContext<FieldInfo | undefined>(key);
}
