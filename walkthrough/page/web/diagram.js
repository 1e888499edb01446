// The sequence diagram: four lifelines, thirteen steps. Grey until a step has happened.

import { $, h, replace, s } from './dom.js';
import { relay, say } from './words.js';

const COLOURS = { Client: 'client', SEES: 'sees', ExpressPlay: 'expressplay', 'Transaction log': 'log' };
const HEAD = 46;
const ROW = 48;
const LETTER = 6.8;

let drawn = { width: 0, seen: new Set() };

export function showDiagram(story, steps, chosen, choose) {
  const width = Math.max(300, Math.floor($('diagram').clientWidth));
  const narrow = width < 560;
  const edge = narrow ? 34 : 70;
  const last = Math.max(edge, half(nameOf(story.lifelines.at(-1), narrow)));
  const gap = (width - edge - last) / (story.lifelines.length - 1);
  const place = Object.fromEntries(story.lifelines.map((name, number) => [name, edge + number * gap]));
  const height = HEAD + ROW * story.steps.length + 14;
  const happened = new Map(steps.map((step) => [step.n, step]));
  const focused = document.activeElement?.getAttribute?.('data-step');
  const rows = story.steps.map((outline, number) => {
    const step = happened.get(outline.n);
    return row(step ?? outline, { y: HEAD + ROW * number, place, width, narrow, step, isChosen: chosen === outline.n, choose });
  });
  const svg = s('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'group',
    'aria-label': say('Sequence diagram of the binding') },
  s('defs', {}, s('marker', { id: 'tip', viewBox: '0 0 10 10', refX: 9, refY: 5, markerWidth: 7, markerHeight: 7,
    orient: 'auto-start-reverse' }, s('path', { d: 'M0 0 10 5 0 10z', fill: 'context-stroke' }))),
  story.lifelines.map((name) => lifeline(name, place[name], height, narrow)), rows);
  replace($('diagram'), svg);
  if (focused) svg.querySelector(`[data-step="${focused}"]`)?.focus();
  drawn = { width, seen: new Set(steps.map((step) => `${step.run}.${step.n}`)) };
}

export function watchWidth(redraw) {
  new ResizeObserver(() => {
    if (Math.floor($('diagram').clientWidth) !== drawn.width) redraw();
  }).observe($('diagram'));
}

const nameOf = (lifeline, narrow) => (narrow && lifeline === 'Transaction log' ? say('Log') : relay(lifeline));

// Half the width of a lifeline's head.
const half = (words) => words.length * 3.7 + 10;

function lifeline(name, x, height, narrow) {
  const words = nameOf(name, narrow);
  return s('g', { class: `life ${COLOURS[name]}` },
    s('line', { x1: x, x2: x, y1: 30, y2: height }),
    s('rect', { x: x - half(words), y: 2, width: 2 * half(words), height: 26, rx: 13 }),
    s('text', { x, y: 19.5, 'text-anchor': 'middle' }, words));
}

function row(shown, { y, place, width, narrow, step, isChosen, choose }) {
  const from = place[shown.from];
  const to = place[shown.to];
  const refused = step && step.ok === false;
  const fresh = step && !drawn.seen.has(`${step.run}.${step.n}`);
  const look = step ? (refused ? 'refused' : 'happened') : 'ghost';
  const line = y + 34;
  const left = Math.min(from, to);
  const room = Math.floor((width - 34) / LETTER);
  const summary = relay(shown.summary);
  const words = summary.length > room ? `${summary.slice(0, room - 1)}…` : summary;
  const length = words.length * LETTER;
  // Beside the lifeline where the arrow begins on the left, or further left where the words need the room.
  const at = Math.max(26, Math.min(left + 14, width - length - 4));
  const parts = [
    s('rect', { class: 'hit', x: 0, y: y + 2, width, height: ROW - 4, rx: 8 }),
    from === to
      ? s('path', { class: 'arrow', d: `M${from + 9} ${line - 5}h20q5 0 5 5t-5 5h-17`, 'marker-end': 'url(#tip)' })
      : s('path', { class: 'arrow', d: `M${from} ${line}H${to + (to > from ? -3 : 3)}`, 'marker-end': 'url(#tip)' }),
    s('circle', { class: 'badge', cx: from, cy: line, r: 9.5 }),
    s('text', { class: 'number', x: from, y: line + 3.6, 'text-anchor': 'middle' }, String(shown.n)),
    s('text', { class: 'words', x: narrow ? 4 : at, y: y + 19 }, words),
  ];
  const state = step ? (refused ? say('refused') : say('happened')) : say('not yet');
  return s('g', {
    class: `arrow-row ${look} ${COLOURS[shown.from]}${isChosen ? ' chosen' : ''}${fresh ? ' fresh' : ''}`,
    role: 'button', tabindex: 0, 'aria-pressed': String(isChosen), data: { step: String(shown.n) },
    'aria-label': say('Step {n}, {from} to {to}, {state}: {summary}',
      { n: shown.n, from: relay(shown.from), to: relay(shown.to), state, summary }),
    onclick: () => choose(shown.n),
    onkeydown: (event) => key(event, shown.n, choose),
  }, parts);
}

function key(event, n, choose) {
  const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === 'Enter' || event.key === ' ') choose(n);
  else if (move) $('diagram').querySelector(`[data-step="${n + move}"]`)?.focus();
  else return;
  event.preventDefault();
}

export const legend = (name) => h('span', { class: `who ${COLOURS[name]}` }, relay(name));
