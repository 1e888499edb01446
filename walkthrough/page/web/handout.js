// The handout: on paper, all steps with their reasons, whichever is chosen on the screen.

import { $, h, replace } from './dom.js';
import { partyNamed } from './parties.js';
import { relay, say } from './words.js';

export function fillHandout(outline) {
  replace($('handout'), outline.steps.map((step) => h('li', { value: step.n },
    h('b', {}, partyNamed(step.from), step.from !== step.to && [' → ', partyNamed(step.to)], ': ', relay(step.summary)),
    step.why && h('p', {}, relay(step.why)))));
  // What is folded on the screen is open on paper.
  const folded = new Set();
  window.addEventListener('beforeprint', () => {
    for (const part of document.querySelectorAll('.item:not([open])')) {
      folded.add(part);
      part.open = true;
    }
  });
  window.addEventListener('afterprint', () => {
    for (const part of folded) part.open = false;
    folded.clear();
  });
  $('handout').setAttribute('aria-label', say('All steps'));
}
