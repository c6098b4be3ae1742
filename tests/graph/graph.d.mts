import type { Graph, GraphOptions } from './types.ts';

export type * from './types.ts';
/** Starts a stand-in of the Graph API in this process; see types.ts and README.md. */
export function startGraph(options?: GraphOptions): Promise<Graph>;
/** Files that people send, small and valid. */
export const samples: {
  /** 16 bits: refused by WhatsApp. */
  png(size?: number, color?: [number, number, number], bits?: 8 | 16): Buffer;
  jpeg: Buffer;
  webp: Buffer;
  /** H.264 */
  mp4: Buffer;
  /** Opus in Ogg, mono. */
  voice(ms?: number): Buffer;
  /** Opus in Ogg with two channels: refused by WhatsApp. */
  stereo(): Buffer;
  mp3(ms?: number): Buffer;
  pdf(text?: string): Buffer;
};
