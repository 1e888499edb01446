// The inspector: annotated bytes. Every field is linked to its run of bytes, both ways, by mouse and keyboard.

import { get, isLive, post } from './api.js';
import { complain } from './alert.js';
import { $, h, replace } from './dom.js';
import { quote, relay, say } from './words.js';

const KINDS = { token: say('token'), spc: 'SPC', ckc: 'CKC' };
const LONGEST_RUN = 64;
const box = () => $('inspector');
let open = '';

export function setUpInspector() {
  const drop = $('bytes');
  drop.querySelector('.live-only').hidden = !isLive;
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    if (isLive && event.dataTransfer.files[0]) inspectFile(event.dataTransfer.files[0]);
  });
  const input = h('input', { type: 'file', id: 'file', class: 'unseen', onchange: () => inspectFile(input.files[0]) });
  replace(box(),
    h('div', { class: 'messages', id: 'messages' }),
    h('div', { id: 'message' }, h('p', { class: 'empty' }, say('The messages of the sequence appear here as they are sent.'))));
  replace($('messages'), h('span', { id: 'offers' }), isLive && [h('label', { class: 'button quiet', for: 'file' }, say('Open a file…')), input]);
}

// The tokens, SPCs and CKCs of the steps that happened, as buttons.
export function offerMessages(steps) {
  const offers = steps.flatMap((step) => Object.keys(KINDS).filter((kind) => holds(step, kind)).map((kind) => [step.n, kind]));
  replace($('offers'), offers.map(([n, kind]) => {
    const name = `${n}.${kind}`;
    return h('button', { type: 'button', class: 'quiet', 'aria-pressed': String(open === name), data: { message: name },
      onclick: () => openMessage(n, kind, false) }, say('{n}: {kind}', { n, kind: KINDS[kind] }));
  }));
}

// Of a recorded run not every message was kept.
export const isKept = (step, kind) => !step.open || step.open.includes(`${step.n}.${kind}`);

function holds(step, kind) {
  if (!isKept(step, kind)) return false;
  if (kind === 'token') return [3, 10].includes(step.n) && Boolean(step.response?.epTokenURL);
  return Boolean(step.request?.[kind] ?? step.response?.[kind]);
}

// The message that teaches most, of those that were sent: the SPC of the play, down to HU.
export async function openBest(steps) {
  const best = [[11, 'spc'], [4, 'spc'], [3, 'token']].find(([n, kind]) => steps.some((step) => step.n === n && holds(step, kind)));
  if (best) await openMessage(...best);
  $('message').querySelector('[data-crumb=hu]')?.click();
}

export async function openMessage(n, kind, scroll = true) {
  if (!/^\d+$/.test(n) || !KINDS[kind]) return;
  try {
    const message = await get(`api/inspect/${n}/${kind}`);
    open = `${n}.${kind}`;
    history.replaceState(null, '', `#bytes=${open}`);
    for (const button of $('offers').children) button.setAttribute('aria-pressed', String(button.dataset.message === open));
    replace($('message'), showMessage(message, say('{kind} of step {n}', { n, kind: KINDS[kind] })));
    if (scroll) $('bytes').scrollIntoView();
  } catch (error) {
    complain(error);
  }
}

async function inspectFile(file) {
  try {
    const found = await post('api/inspect', await file.arrayBuffer());
    open = '';
    for (const button of $('offers').children) button.setAttribute('aria-pressed', 'false');
    replace($('message'), found.map((message) => showMessage(message, say('{file}: {source}', { file: file.name, source: message.source }))),
      found.length === 0 && h('p', { class: 'empty' }, say('A recording without SPCs and CKCs.')));
  } catch (error) {
    complain(error);
  }
}

function showMessage(message, title) {
  const { problems, size } = message;
  const verdict = problems
    ? h('span', { class: 'pill bad' }, problems > 1 ? say('{problems} problems', { problems }) : say('1 problem'))
    : h('span', { class: 'pill good' }, say('nothing wrong as far as it opens'));
  const layers = message.layers.map((layer, number) => showLayer(layer, number));
  return h('div', { class: 'message' },
    h('header', {}, h('h3', {}, title), h('span', { class: 'size' }, say('{size} bytes', { size })), message.kind !== 'token' && verdict),
    h('nav', { class: 'crumbs', 'aria-label': say('Layers') }, message.layers.map((layer, number) => h('button', { type: 'button', class: 'quiet',
      onclick: () => layers[number].reveal() }, relay(layer.name))), huCrumb(message, layers)),
    layers.map((layer) => layer.element),
    message.closed && h('p', { class: 'note closed' }, quote(message.closed)));
}

function huCrumb(message, layers) {
  const number = message.layers.findIndex((layer) => layer.name === 'SK..R1');
  if (number < 0) return null;
  const field = message.layers[number].fields.findIndex((item) => item.field === 'HU');
  return h('button', { type: 'button', class: 'quiet', data: { crumb: 'hu' }, onclick: () => layers[number].reveal(field) }, 'HU');
}

function showLayer(layer, number) {
  const detail = h('div', { class: 'detail', 'aria-live': 'polite' });
  const runs = layer.text ? [] : layer.fields.map((field, index) => run(field, index));
  const rows = layer.fields.map((field, index) => row(field, index, layer.text));
  const select = (index, focus) => {
    for (const list of [runs, rows]) {
      list.forEach((element, other) => {
        element.classList.toggle('chosen', other === index);
        element.setAttribute('aria-selected', String(other === index));
        element.tabIndex = other === index ? 0 : -1;
      });
    }
    replace(detail, about(layer.fields[index], layer.text));
    if (focus) focus[index].focus();
    else rows[index].scrollIntoView({ block: 'nearest' });
  };
  for (const list of [runs, rows]) {
    list.forEach((element, index) => {
      element.addEventListener('mouseenter', () => mark(index, true));
      element.addEventListener('mouseleave', () => mark(index, false));
      element.addEventListener('click', () => select(index));
      element.addEventListener('focus', () => select(index));
      element.addEventListener('keydown', (event) => {
        const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        select(Math.min(list.length - 1, Math.max(0, index + step)), list);
      });
    });
    if (list.length) list[0].tabIndex = 0;
  }
  const mark = (index, on) => [runs[index], rows[index]].forEach((element) => element?.classList.toggle('pointed', on));
  const element = h('details', { class: 'layer', open: number === 0 },
    h('summary', {}, relay(layer.name)),
    layer.words && h('p', { class: 'note' }, quote(layer.words)),
    detail,
    h('div', { class: 'panes' },
      !layer.text && h('div', { class: 'hexes', role: 'listbox', 'aria-label': say('Bytes of the layer {layer}', { layer: relay(layer.name) }), 'aria-orientation': 'horizontal' }, runs),
      h('div', { class: 'fields', role: 'listbox', 'aria-label': say('Fields of the layer {layer}', { layer: relay(layer.name) }) }, rows)),
    layer.values.length > 0 && h('div', { class: 'inputs' }, h('h4', {}, say('Inputs, and how to compute what is computed')), layer.values.map(input)));
  const reveal = (index) => {
    element.open = true;
    element.scrollIntoView({ block: 'nearest' });
    if (index < 0 || index === undefined) return;
    select(index, rows);
    detail.scrollIntoView({ block: 'nearest' });
  };
  return { element, reveal };
}

function run(field, index) {
  const pairs = field.hex.match(/../g) ?? [];
  const more = sizeOf(field) - LONGEST_RUN;
  const text = pairs.slice(0, LONGEST_RUN).join(' ') + (more > 0 ? say(' … {more} more', { more }) : '');
  return h('span', { class: `run tint${index % 6} ${field.problem ? 'problem' : ''}`, role: 'option', tabindex: -1,
    'aria-selected': 'false', 'aria-label': say('Bytes of {field}', field) }, text || '∅');
}

function row(field, index, isText) {
  const value = field.value.length > 44 ? `${field.value.slice(0, 26)}…${field.value.slice(-12)}` : field.value;
  return h('div', { class: `field ${field.problem ? 'problem' : ''}`, role: 'option', tabindex: -1, 'aria-selected': 'false' },
    h('span', { class: `chip tint${index % 6}` }), h('span', { class: 'offset' }, isText ? '' : field.offset),
    h('b', { lang: 'en' }, field.field), h('code', {}, value));
}

function about(field, isText) {
  return [
    h('p', {}, h('b', { lang: 'en' }, field.field), ' – ', quote(field.meaning), '. ',
      !isText && h('small', {}, where(field, sizeOf(field)), ' ', say('Says who: {origin}.', { origin: relay(field.origin) }))),
    field.problem && h('p', { class: 'problem' }, quote(field.problem)),
    h('p', { class: 'value' }, h('code', {}, isText ? field.value : `${field.hex}${sizeOf(field) * 2 > field.hex.length ? '…' : ''}`)),
    field.command && command(field.command),
  ];
}

const sizeOf = (field) => field.size ?? field.hex.length / 2;

const where = ({ offset, layer }, size) => say('{size} bytes at {offset} in the layer {layer}.',
  { size, offset, layer: relay(layer) });

const input = (value) => h('div', { class: 'input' }, h('span', {}, quote(value.name)), h('code', {}, value.value),
  value.command && command(value.command));

function command(template) {
  // A message that was recorded lies beside the page.
  const text = template.replaceAll('{here}', new URL('.', location).href);
  const copy = h('button', { type: 'button', class: 'tiny quiet', onclick: async () => {
    await navigator.clipboard?.writeText(text);
    copy.textContent = say('Copied');
  } }, say('Copy'));
  return h('div', { class: 'command' }, h('pre', { tabindex: 0, role: 'group', 'aria-label': say('Command that prints this value') }, text), copy);
}
