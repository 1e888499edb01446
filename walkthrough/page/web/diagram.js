// The sequence diagram: a lifeline for each device and each service, thirteen steps. Grey until a step has happened.

import { $, replace, s } from './dom.js';
import { lifelineOf, lifelines, lookOf, partyNamed } from './parties.js';
import { moves, pace } from './pace.js';
import { bindingRow } from './rows.js';
import { relay, say } from './words.js';

const HEAD = 50;
const ROW = 37;
const LETTER = 6.9;
const TRAVEL = 850;
const COMPARISON = 12;
// What travels: a message in few words. In an SPC, and in the row that is written of it, the device id (HU) goes along.
const PARCELS = { 0: 'M3U8', 1: 'cookie', 2: 'CEK + cookie', 3: 'token', 4: 'SPC', 5: 'row', 6: 'cookie', 7: 'cookie', 8: 'cookie',
  9: 'CEK + HU', 10: 'token', 11: 'SPC', 13: 'CKC' };
const WITH_HU = new Set([4, 5, 8, 9, 11]);

let drawn = { width: 0, seen: new Set(), binding: null };

export function showDiagram(outline, state, chosen, choose) {
  const { devices, steps } = state;
  const width = Math.max(280, Math.floor($('diagram').clientWidth));
  const lines = lifelines(outline, devices);
  const narrow = width < 96 * lines.length;
  const edge = narrow ? 24 : half(lines[0].name);
  const gapWith = (name) => (width - edge - Math.max(edge, half(name))) / (lines.length - 1);
  // A name that would cover its neighbour's is shortened.
  const widths = (names) => names.slice(1).map((name, at) => half(name) + half(names[at]));
  const fits = !narrow && Math.max(...widths(lines.map(({ name }) => name))) < gapWith(lines.at(-1).name);
  const heads = lines.map(({ name, short }, at) => (narrow || (!fits && at === lines.length - 1) ? short : name));
  const gap = gapWith(heads.at(-1));
  const place = Object.fromEntries(lines.map(({ id }, number) => [id, edge + number * gap]));
  const height = HEAD + ROW * outline.steps.length + 8;
  const happened = new Map(steps.map((step) => [step.n, step]));
  const actor = (n) => happened.get(n)?.device ?? (n < 6 ? happened.get(1)?.device : state.current?.device) ?? 'A';
  const focused = document.activeElement?.getAttribute?.('data-step');
  const { device: binding, role } = boundDevice(state);
  const view = { place, width, narrow, chosen, choose, devices };
  const rows = outline.steps.map((step, number) => row(step, happened.get(step.n), actor(step.n), HEAD + ROW * number, view));
  const svg = s('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'group', 'aria-label': say('Sequence diagram of the binding') },
    s('defs', {}, s('marker', { id: 'tip-of-arrow', viewBox: '0 0 10 10', refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse' },
      s('path', { d: 'M0 0 10 5 0 10z', fill: 'context-stroke' }))),
    lines.map((line, at) => lifeline(line, heads[at], place[line.id], height, line.device && line.device === binding && role)), rows);
  replace($('diagram'), svg);
  if (focused) svg.querySelector(`[data-step="${focused}"]`)?.focus();
  const seen = new Set(steps.map((step) => `${step.run}.${step.round}.${step.n}`));
  for (const step of steps) {
    if (!drawn.seen.has(`${step.run}.${step.round}.${step.n}`) && drawn.width) travel(svg, step, view, HEAD + ROW * step.n);
  }
  if (drawn.width && binding && binding !== drawn.binding) flash(svg.querySelector('.bound'));
  drawn = { width, seen, binding };
}

export function watchWidth(redraw) {
  new ResizeObserver(() => {
    if (Math.max(280, Math.floor($('diagram').clientWidth)) !== drawn.width) redraw();
  }).observe($('diagram'));
}

// The device that SEES decided for or, where it has not looked up since, that registered last; and which it is.
const boundDevice = ({ devices, rows }) => {
  const row = rows.filter((one) => one === bindingRow(rows, one.cookie)).at(-1);
  const device = row && devices.find((device) => device.device_id === row.device_id && device.cookie === row.cookie);
  return { device, role: row?.binds ? 'binds' : 'newest' };
};

// Half the width of a lifeline's head.
const half = (words) => words.length * 3.6 + 9;

function lifeline({ look }, words, x, height, role) {
  const wide = Math.max(half(words), 12);
  return s('g', { class: `life ${look}` },
    s('line', { x1: x, x2: x, y1: 30, y2: height }),
    s('rect', { x: x - wide, y: 2, width: 2 * wide, height: 25, rx: 12.5 }),
    s('text', { x, y: 19, 'text-anchor': 'middle' }, words),
    role && s('g', { class: `bound ${role}` }, s('rect', { x: x - 24, y: 31, width: 48, height: 16, rx: 8 }),
      s('text', { x, y: 42.5, 'text-anchor': 'middle' }, role === 'binds' ? say('bound') : say('newest'))));
}

function row(outlined, step, device, y, { place, width, narrow, chosen, choose, devices }) {
  const { n, from: sender, to: receiver } = outlined;
  const from = place[lifelineOf(sender, device)];
  const to = place[lifelineOf(receiver, device)];
  const refused = step && step.ok === false;
  const look = step ? (refused ? 'refused' : 'happened') : 'ghost';
  const isChosen = n === chosen;
  const line = y + 27;
  const room = Math.floor((width - 34) / LETTER);
  const summary = relay((step ?? outlined).summary);
  const words = summary.length > room ? `${summary.slice(0, room - 1)}…` : summary;
  // Beside the lifeline where the arrow begins on the left or, where there is no room, up to the right edge.
  const beside = narrow ? 4 : Math.min(from, to) + 14;
  const fits = narrow || beside + words.length * LETTER + 14 < width;
  const status = step ? (refused ? say('refused') : say('happened')) : say('not yet');
  return s('g', {
    class: `arrow-row ${look} ${lookOf(sender, device)}${isChosen ? ' chosen' : ''}`,
    role: 'button', tabindex: isChosen || (chosen === null && n === 0) ? 0 : -1, 'aria-pressed': String(isChosen), data: { step: String(n) },
    'aria-label': say('Step {n}, {from} to {to}, {state}: {summary}',
      { n, from: partyNamed(sender, device), to: partyNamed(receiver, device), state: status, summary }),
    onclick: () => choose(n),
    onkeydown: (event) => key(event, n, choose),
  },
  s('rect', { class: 'hit', x: 0, y: y + 1, width, height: ROW - 2, rx: 7 }),
  from === to
    ? s('path', { class: 'arrow', d: `M${from + 9} ${line - 5}h20q5 0 5 5t-5 5h-17`, 'marker-end': 'url(#tip-of-arrow)' })
    : s('path', { class: 'arrow', d: `M${from} ${line}H${to + (to > from ? -3 : 3)}`, 'marker-end': 'url(#tip-of-arrow)' }),
  s('circle', { class: 'badge', cx: from, cy: line, r: 9 }),
  s('text', { class: 'number', x: from, y: line + 3.6, 'text-anchor': 'middle' }, String(n)),
  s('text', { class: 'words', x: fits ? beside : width - 4, y: y + 14, 'text-anchor': fits ? 'start' : 'end' }, words),
  n === COMPARISON && step?.decision && comparison(step.decision, from, line, width, devices));
}

// Step 12: the device id of the token and that of the SPC, side by side.
function comparison(decision, x, y, width, devices) {
  const ids = [decision['token device_id'], decision['spc device_id']];
  if (!ids.every((id) => typeof id === 'string')) return null;
  const [token, spc] = ids.map((id) => ({ id, owner: devices.find((device) => device.device_id === id) }));
  const at = x + 222 < width ? x + 46 : x - 194; // right of the arrow, or left of it where no room is
  const chip = ({ id, owner }, left, side) => s('g', { class: `chip-of-id ${side} ${owner ? lookOf('Client', owner.name) : ''}` },
    s('rect', { x: left, y: y - 9, width: 74, height: 18, rx: 9 }),
    s('text', { x: left + 37, y: y + 4, 'text-anchor': 'middle' }, id.slice(0, 8)));
  return s('g', { class: 'comparison' }, chip(token, at, 'of-token'),
    s('text', { class: decision.equal ? 'same' : 'differs', x: at + 88, y: y + 5, 'text-anchor': 'middle' }, decision.equal ? '=' : '≠'),
    chip(spc, at + 102, 'of-spc'));
}

function key(event, n, choose) {
  const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const next = move && $('diagram').querySelector(`[data-step="${n + move}"]`);
  if (event.key === 'Enter' || event.key === ' ') choose(n);
  else if (next) {
    next.focus();
    choose(n + move);
  } else if (!move) return;
  event.preventDefault();
}

// A message is seen on its way; at step 12 the two ids come together.
function travel(svg, step, { place, devices }, y) {
  if (!moves() || pace() !== 'second') return;
  const timing = { duration: TRAVEL, easing: 'ease-in-out' };
  if (step.n === COMPARISON) {
    for (const [side, from] of [['of-token', -60], ['of-spc', 60]]) {
      svg.querySelector(`.chip-of-id.${side}`)?.animate([{ transform: `translateX(${from}px)`, opacity: 0 }, { transform: 'none', opacity: 1 }], timing);
    }
    return;
  }
  const [from, to] = [step.from, step.to].map((party) => place[lifelineOf(party, step.device)]);
  const id = WITH_HU.has(step.n) && (step.n < 8 || step.n === 11
    ? devices.find((device) => device.name === step.device)?.device_id : /[0-9a-f]{8}/.exec(step.summary)?.[0]);
  const owner = id && devices.find((device) => device.device_id.startsWith(id.slice(0, 8)));
  const words = id ? `${PARCELS[step.n].replace(/ ?\+? ?HU$/, '')} · HU ${id.slice(0, 4)}` : PARCELS[step.n];
  const wide = words.length * 3.5 + 9;
  const parcel = s('g', { class: `parcel ${owner ? lookOf('Client', owner.name) : lookOf(step.from, step.device)}`, 'aria-hidden': 'true' },
    s('rect', { x: -wide, y: y + 17, width: 2 * wide, height: 20, rx: 10 }),
    s('text', { x: 0, y: y + 31, 'text-anchor': 'middle' }, words));
  svg.append(parcel);
  const way = parcel.animate([{ transform: `translateX(${from}px)` }, { transform: `translateX(${to}px)` }], timing);
  way.onfinish = way.oncancel = () => parcel.remove();
}

function flash(element) {
  if (moves()) element?.animate([{ opacity: 0 }, { opacity: 1 }, { opacity: .2 }, { opacity: 1 }], { duration: TRAVEL });
}
