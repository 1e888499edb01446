// The chosen step: why it is there, what was sent and answered, what each party now knows, and the lines that did it.

import { get } from './api.js';
import { $, h, replace } from './dom.js';
import { explainTerms } from './glossary.js';
import { isKept } from './inspector.js';
import { legend } from './parties.js';
import { quote, relay, say } from './words.js';

const MESSAGES = { spc: 'SPC', ckc: 'CKC' };
const CKC_STEP = 13;
const sources = new Map();

// On a narrow screen the step covers the lower half, once somebody asked for it.
export const openStep = () => { $('step').dataset.open = 'yes'; };

export function closeStep(andReturn = false) {
  delete $('step').dataset.open;
  if (andReturn) $('diagram').querySelector('.chosen')?.focus();
}

export function showStep(outline, steps, chosen) {
  const body = $('step-body');
  const outlined = outline.steps.find((step) => step.n === chosen);
  if (!outlined) {
    replace(body, h('p', { class: 'empty' }, say('Choose an arrow to open its exchange.')));
    return;
  }
  const step = steps.find((other) => other.n === chosen);
  const shown = `${chosen}.${step?.run}.${step?.round}.${step?.time}`;
  if (body.dataset.shown === shown) return;
  body.dataset.shown = shown;
  replace(body,
    h('h3', {}, say('Step {n}', { n: chosen })),
    h('p', { class: 'route' }, legend(outlined.from, step?.device), ' → ', legend(outlined.to, step?.device)),
    h('p', { class: step && !step.ok ? 'says bad' : 'says' }, quote((step ?? outlined).summary)),
    outlined.why && h('p', { class: 'why' }, why(outlined, step)),
    step ? exchange(step) : h('p', { class: 'empty' }, say('Not yet.')),
    step && knowledge(outline, steps, chosen),
    h('div', { class: 'source', id: 'source' }));
  explainTerms(body.querySelectorAll('.why'));
  showSource(chosen);
}

const why = (outlined, step) => (outlined.n === CKC_STEP && step && !step.ok
  ? say('No CKC was made. The answer is a number and its meaning: nothing in it can be opened or copied, and the device has no key. Step 12 has the reason.')
  : relay(outlined.why));

function exchange(step) {
  const address = step.url && h('p', { class: 'address' }, h('code', {}, `${step.method} ${step.url}`),
    step.status && h('span', { class: `pill ${step.status < 400 ? 'good' : 'bad'}` }, `HTTP ${step.status}`));
  return h('div', { class: 'exchange' }, h('h4', {}, say('The exchange')), address,
    step.request && part(say('Request'), step.request, step),
    step.response && part(say('Response'), step.response, step),
    step.decision && part(say('Decision'), step.decision, step));
}

function part(title, value, step) {
  const messages = Object.keys(MESSAGES).filter((name) => value?.[name]);
  const shown = { ...value };
  for (const name of messages) {
    const size = value[name].size ?? Math.floor(value[name].replace(/=+$/, '').length * 3 / 4);
    shown[name] = say('<{size} bytes, see below>', { size });
  }
  const words = Object.fromEntries(messages.map((name) => [name, say('Open the {message}', { message: MESSAGES[name] })]));
  if (holdsToken(value)) words.token = say('Open the token');
  return h('details', { open: true }, h('summary', {}, title),
    h('pre', {}, JSON.stringify(shown, null, 2)),
    Object.keys(words).filter((kind) => isKept(step, kind)).map((kind) =>
      h('a', { class: 'button quiet', href: `#bytes=${step.n}.${kind}` }, words[kind])));
}

const holdsToken = (value) => Object.values(value).some((text) => typeof text === 'string' && text.includes('ExpressPlayToken='));

function knowledge(outline, steps, chosen) {
  const known = new Map();
  for (const step of [...steps].sort((one, other) => one.n - other.n)) {
    if (step.n > chosen) break;
    for (const [party, what] of Object.entries(step.knows ?? {})) known.set(party, { what, n: step.n, device: step.device });
  }
  if (!known.size) return null;
  return h('div', { class: 'knows' }, h('h4', {}, say('What each party now knows')),
    h('ul', {}, outline.lifelines.filter((party) => known.has(party)).map((party) => {
      const { what, n, device } = known.get(party);
      return h('li', { class: n === chosen ? 'new' : '' }, legend(party, device), ' ', quote(what),
        n !== chosen && h('small', {}, ' ', say('(step {n})', { n })));
    })));
}

async function showSource(n) {
  if (!sources.has(n)) sources.set(n, get(`api/source/${n}`).catch(() => []));
  const found = await sources.get(n);
  const box = $('source');
  if (!box || !found.length) return;
  replace(box, h('details', {}, h('summary', {}, say('The lines that did it')), found.map(sourceLines)));
}

export function sourceLines(source) {
  return h('figure', { class: 'code', lang: 'en' },
    h('figcaption', {}, h('code', {}, `${source.file}:${source.line}`), ` ${source.name}`),
    h('pre', { tabindex: 0, role: 'group', 'aria-label': say('Source: {name}', source) }, source.lines.map((text, number) =>
      h('span', { class: source.marked.includes(source.first + number) ? 'marked' : '' }, `${text}\n`))));
}
