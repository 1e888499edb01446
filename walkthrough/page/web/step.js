// The chosen step: what was sent and answered, what each party now knows, and the lines that did it.

import { get } from './api.js';
import { legend } from './diagram.js';
import { $, h, replace } from './dom.js';
import { quote, say } from './words.js';

const MESSAGES = { spc: 'SPC', ckc: 'CKC' };
let sources = new Map();

export function showStep(story, steps, chosen) {
  const panel = $('step');
  const outline = story.steps.find((step) => step.n === chosen);
  if (!outline) {
    replace(panel, h('p', { class: 'empty' }, say('Choose an arrow to open its exchange.')));
    return;
  }
  const step = steps.find((other) => other.n === chosen);
  replace(panel,
    h('h3', {}, say('Step {n}', { n: chosen })),
    h('p', { class: 'route' }, legend(outline.from), ' → ', legend(outline.to)),
    h('p', { class: step && !step.ok ? 'says bad' : 'says' }, quote((step ?? outline).summary)),
    step ? exchange(step) : h('p', { class: 'empty' }, say('Not yet.')),
    step && knowledge(story, steps, chosen),
    h('div', { class: 'source', id: 'source' }));
  showSource(chosen);
}

function exchange(step) {
  const address = step.url && h('p', { class: 'address' }, h('code', {}, `${step.method} ${step.url}`),
    step.status && h('span', { class: `pill ${step.status < 400 ? 'good' : 'bad'}` }, `HTTP ${step.status}`));
  return [address,
    step.request && part(say('Request'), step.request, step.n),
    step.response && part(say('Response'), step.response, step.n),
    step.decision && part(say('Decision'), step.decision, step.n)];
}

function part(title, value, n) {
  const messages = Object.keys(MESSAGES).filter((name) => typeof value?.[name] === 'string');
  const shown = { ...value };
  for (const name of messages) {
    const size = Math.floor(value[name].replace(/=+$/, '').length * 3 / 4);
    shown[name] = say('<{size} bytes, see below>', { size });
  }
  return h('details', { open: true }, h('summary', {}, title),
    h('pre', {}, JSON.stringify(shown, null, 2)),
    messages.map((name) => h('a', { class: 'button quiet', href: `#bytes=${n}.${name}` }, say('Open the {message}', { message: MESSAGES[name] }))),
    tokenOf(value) && h('a', { class: 'button quiet', href: `#bytes=${n}.token` }, say('Open the token')));
}

const tokenOf = (value) => Object.values(value).some((text) => typeof text === 'string' && text.includes('ExpressPlayToken='));

function knowledge(story, steps, chosen) {
  const known = new Map();
  for (const step of [...steps].sort((one, other) => one.n - other.n)) {
    if (step.n > chosen) break;
    for (const [party, what] of Object.entries(step.knows ?? {})) known.set(party, { what, n: step.n });
  }
  if (!known.size) return null;
  return h('div', { class: 'knows' }, h('h4', {}, say('What each party now knows')),
    h('ul', {}, story.lifelines.filter((party) => known.has(party)).map((party) => {
      const { what, n } = known.get(party);
      return h('li', { class: n === chosen ? 'new' : '' }, legend(party), ' ', quote(what),
        n !== chosen && h('small', {}, ' ', say('(step {n})', { n })));
    })));
}

async function showSource(n) {
  if (!sources.has(n)) sources.set(n, get(`/api/source/${n}`).catch(() => []));
  const found = await sources.get(n);
  const box = $('source');
  if (!box || !found.length) return;
  replace(box, h('h4', {}, say('The lines that did it')), found.map(sourceLines));
}

export function sourceLines(source) {
  return h('figure', { class: 'code', lang: 'en' },
    h('figcaption', {}, h('code', {}, `${source.file}:${source.line}`), ` ${source.name}`),
    h('pre', { tabindex: 0, role: 'group', 'aria-label': say('Source: {name}', source) }, source.lines.map((text, number) =>
      h('span', { class: source.marked.includes(source.first + number) ? 'marked' : '' }, `${text}\n`))));
}
