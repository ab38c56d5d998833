/** A handle that stops what it stands for; calling it twice is harmless. */
export type Cancel = () => void;

/** Time and chance, injected so that a test or the simulator can steer them. */
export interface Clock {
  /** Milliseconds on a monotonic scale. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds, or, where that saves a turn of the event loop, up to `slackMs` sooner. */
  after(ms: number, run: () => void, slackMs?: number): Cancel;
  /** Uniform in [0, 1). */
  random(): number;
}

/** The browser's (or Node's) own time and chance. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** Uniform in [`from`, `to`) milliseconds: jitter, so that peers that failed together do not retry together. */
export const between = (clock: Clock, from: number, to: number): number => from + clock.random() * (to - from);
