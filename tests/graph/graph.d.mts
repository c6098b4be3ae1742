import type { Graph, GraphOptions } from './types.ts';

export type * from './types.ts';
/** Starts a stand-in of the Graph API in this process; see types.ts and README.md. */
export function startGraph(options?: GraphOptions): Promise<Graph>;
export const samples: { png(size?: number, color?: [number, number, number]): Buffer; jpeg: Buffer; webp: Buffer; voice(ms?: number): Buffer; stereo(): Buffer; mp3(ms?: number): Buffer; mp4: Buffer; pdf(text?: string): Buffer };
