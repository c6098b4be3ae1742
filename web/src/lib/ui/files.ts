/* Files that come by drop or choice: which ones are taken, and an attachment that makes any element a place to drop. */

export interface SiftRules {
  accept?: string | undefined;
  maxBytes?: number | undefined;
}

/** Parts files into good and refused, by the rules of <input accept> and a limit of size. */
export function sift(
  files: readonly File[],
  rules: SiftRules,
): { good: File[]; bad: { file: File; why: 'size' | 'kind' }[] } {
  const good: File[] = [];
  const bad: { file: File; why: 'size' | 'kind' }[] = [];
  const kinds = (rules.accept ?? '')
    .split(',')
    .map((k) => k.trim().toLowerCase())
    .filter((k) => k !== '');
  for (const file of files) {
    const name = file.name.toLowerCase();
    const fits =
      kinds.length === 0 ||
      kinds.some((k) =>
        k.startsWith('.')
          ? name.endsWith(k)
          : k.endsWith('/*')
            ? file.type.startsWith(k.slice(0, -1))
            : file.type === k,
      );
    if (!fits) bad.push({ file, why: 'kind' });
    else if (rules.maxBytes !== undefined && file.size > rules.maxBytes) bad.push({ file, why: 'size' });
    else good.push(file);
  }
  return { good, bad };
}

interface DropOptions {
  onfiles: (files: File[]) => void;
  /** True while files hang over it. */
  onover?: (over: boolean) => void;
  disabled?: () => boolean;
}

export function dropzone(options: DropOptions): (node: Element) => () => void {
  return (node) => {
    let depth = 0;
    const hasFiles = (e: DragEvent) => !options.disabled?.() && (e.dataTransfer?.types.includes('Files') ?? false);
    const enter = (e: Event) => {
      if (!hasFiles(e as DragEvent)) return;
      e.preventDefault();
      depth += 1;
      options.onover?.(true);
    };
    const over = (e: Event) => {
      if (hasFiles(e as DragEvent)) e.preventDefault();
    };
    const leave = () => {
      depth = Math.max(0, depth - 1);
      if (depth === 0) options.onover?.(false);
    };
    const drop = (e: Event) => {
      const event = e as DragEvent;
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      options.onover?.(false);
      options.onfiles([...(event.dataTransfer?.files ?? [])]);
    };
    const pairs: [string, (e: Event) => void][] = [
      ['dragenter', enter],
      ['dragover', over],
      ['dragleave', leave],
      ['drop', drop],
    ];
    for (const [name, f] of pairs) node.addEventListener(name, f);
    return () => {
      for (const [name, f] of pairs) node.removeEventListener(name, f);
    };
  };
}
