// The glossary: every term in the prose has a dotted underline, and one sentence.

import { $, h, replace } from './dom.js';
import { literal, relay } from './words.js';

// What may not begin a line: a browser would break it off from a button.
const CLOSING = /^\u00a0?[.,;:!?…)»]+/;
const SKIPPED = 'button, a, code, pre, select, input, [data-term]';
let terms = new Map();
let pattern = null;

export function setUpGlossary(glossary) {
  terms = new Map(glossary.map(({ term, says }) => [relay(term), relay(says)]));
  const words = [...terms.keys()].sort((one, other) => other.length - one.length);
  pattern = words.length ? new RegExp(`(?<![\\p{L}\\d_-])(?:${words.map(literal).join('|')})(?![\\p{L}\\d_-])`, 'u') : null;
  document.addEventListener('keydown', (event) => event.key === 'Escape' && hide());
}

// Marks each term where it stands first in each of these elements.
export function explainTerms(elements) {
  if (!pattern) return;
  for (const element of elements) {
    const seen = new Set();
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(SKIPPED)) nodes.push(walker.currentNode);
    for (const node of nodes) mark(node, seen);
  }
}

function mark(node, seen) {
  for (let rest = node, from = 0; ;) {
    const found = pattern.exec(rest.data.slice(from));
    if (!found) return;
    const [word] = found;
    if (seen.has(word)) {
      from += found.index + word.length;
      continue;
    }
    seen.add(word);
    const term = rest.splitText(from + found.index);
    rest = term.splitText(word.length);
    from = 0;
    const [closing] = CLOSING.exec(rest.data) ?? [];
    if (closing) rest = rest.splitText(closing.length);
    term.replaceWith(closing ? h('span', { class: 'unbroken' }, button(word), rest.previousSibling) : button(word));
  }
}

function button(word) {
  const element = h('button', { type: 'button', class: 'term', data: { term: word }, 'aria-describedby': 'tip',
    onclick: () => show(element), onfocus: () => show(element), onblur: hide, onmouseenter: () => show(element), onmouseleave: hide }, word);
  return element;
}

function show(element) {
  const tip = $('tip');
  replace(tip, terms.get(element.dataset.term));
  tip.hidden = false;
  const box = element.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8));
  const below = box.bottom + tip.offsetHeight + 12 < innerHeight;
  tip.style.transform = `translate(${left}px, ${below ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px)`;
}

function hide() {
  $('tip').hidden = true;
}
