/* One choice in a select, segment, combobox. */
import type { IconName } from './icons';

export interface Option<V extends string = string> {
  value: V;
  label: string;
  /** Second, quieter text at the end or below. */
  hint?: string | undefined;
  icon?: IconName | undefined;
  /** Dot before the label, see colors.ts. */
  color?: string | undefined;
  disabled?: boolean | undefined;
}
