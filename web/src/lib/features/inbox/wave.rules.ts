/* The picture of a sound, pure. */

/** How loud a piece is, 0 to 1, from bytes around 128; quiet voices are lifted, as ears do. */
export function loudness(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) sum += (((samples[i] ?? 128) - 128) / 128) ** 2;
  return samples.length === 0 ? 0 : Math.min(1, Math.sqrt(sum / samples.length) * 4) ** 0.7;
}

/** A recording as so many bars, 0 to 1, the loudest full. */
export function peaks(samples: ArrayLike<number>, bars: number): number[] {
  const size = Math.max(1, Math.floor(samples.length / bars));
  const out: number[] = [];
  for (let b = 0; b < bars; b += 1) {
    let sum = 0;
    const from = b * size;
    const to = Math.min(samples.length, from + size);
    for (let i = from; i < to; i += 1) sum += (samples[i] ?? 0) ** 2;
    out.push(to > from ? Math.sqrt(sum / (to - from)) : 0);
  }
  const most = Math.max(...out, 1e-6);
  return out.map((x) => (most <= 1e-6 ? 0 : (x / most) ** 0.8));
}
