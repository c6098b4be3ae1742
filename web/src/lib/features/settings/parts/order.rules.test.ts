import { describe, expect, it } from 'vitest';
import { newPositions, splitPasted } from './order.rules';

describe('lists in order', () => {
  it('splits what is pasted', () => {
    expect(splitPasted('A\r\n B ;C\n\n')).toEqual(['A', 'B', 'C']);
  });

  it('tells only what moved', () => {
    expect(
      newPositions([
        { id: 'b', position: 1 },
        { id: 'a', position: 0 },
        { id: 'c', position: 2 },
      ]),
    ).toEqual([
      { id: 'b', position: 0 },
      { id: 'a', position: 1 },
    ]);
  });
});
