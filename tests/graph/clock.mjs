/* The graph's clock: runs like the wall clock (times speed) and can be put forward, so that windows, tokens, media and
   retries that take hours or days are tested in milliseconds. Timers hang on this clock, not on the wall's. */

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** @typedef {{ due: number, run: () => void | Promise<void> }} Timer */

export class Clock {
  /** @param {number} speed milliseconds of this clock per millisecond of the wall */
  constructor(speed = 1) {
    this.rate = speed;
    this.wall = Date.now();
    this.base = this.wall;
    /** @type {Timer[]} */
    this.timers = [];
    /** @type {NodeJS.Timeout | undefined} */
    this.alarm = undefined;
  }

  now() {
    return Math.floor(this.base + (Date.now() - this.wall) * this.rate);
  }

  get speed() {
    return this.rate;
  }

  set speed(rate) {
    this.base = this.now();
    this.wall = Date.now();
    this.rate = rate;
    this.arm();
  }

  /** Runs what falls due on the way, one after the other, and waits for it. @param {number} ms */
  async advance(ms) {
    this.base += ms;
    await this.runDue();
  }

  /** @param {number} ms @param {() => void | Promise<void>} run @returns {() => void} takes it back */
  after(ms, run) {
    const timer = { due: this.now() + ms, run };
    this.timers.push(timer);
    this.timers.sort((a, b) => a.due - b.due);
    this.arm();
    return () => {
      this.timers = this.timers.filter((t) => t !== timer);
    };
  }

  arm() {
    clearTimeout(this.alarm);
    const first = this.timers[0];
    if (!first) return;
    const ms = Math.max(0, (first.due - this.now()) / this.rate);
    this.alarm = setTimeout(() => void this.runDue(), Math.min(ms, 2 ** 31 - 1));
    this.alarm.unref();
  }

  async runDue() {
    for (let first = this.timers[0]; first && first.due <= this.now(); first = this.timers[0]) {
      this.timers.shift();
      await first.run();
    }
    this.arm();
  }

  stop() {
    clearTimeout(this.alarm);
    this.timers = [];
  }

  /** No timers, the wall's time again. */
  restart() {
    this.stop();
    this.wall = Date.now();
    this.base = this.wall;
  }
}
