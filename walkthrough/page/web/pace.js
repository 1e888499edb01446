// The pace: what happens is shown at once, or a second each, so that an eye can follow. The choice is kept.

import { remember, remembered } from './kept.js';

const KEY = 'pace';
const SECOND = 1000;
const lessMotion = matchMedia('(prefers-reduced-motion: reduce)');
const waiting = [];
let goOn = null;
let running = false;

export const moves = () => !lessMotion.matches && document.visibilityState === 'visible';
export const pace = () => (lessMotion.matches ? 'at-once' : remembered(KEY) ?? 'second');

export function choosePace(value) {
  remember(KEY, value);
  if (value === 'at-once') hurry();
}

// Shows what waits at once: for who does not want to wait any longer.
export const hurry = () => goOn?.();

// Shows one thing after the other: `show` is called in its turn, and the next one waits for `slow` things to be seen.
export async function inTurn(show, slow) {
  waiting.push({ show, slow });
  if (running) return;
  running = true;
  while (waiting.length) {
    const next = waiting.shift();
    try {
      next.show();
    } catch (error) {
      reportError(error); // what follows is shown all the same
    }
    if (next.slow && pace() === 'second' && document.visibilityState === 'visible') await aMoment();
  }
  running = false;
}

const aMoment = () => new Promise((resolve) => {
  goOn = resolve;
  setTimeout(resolve, SECOND);
});
