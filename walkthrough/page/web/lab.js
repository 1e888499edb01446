// The lab: predict, run against the real services, read the reason and the lines that decided.

import { get, isLive, post } from './api.js';
import { complain } from './alert.js';
import { $, h, replace } from './dom.js';
import { sourceLines } from './step.js';
import { quote, relay, say } from './words.js';

const cards = new Map();
let aliases = {};

export async function setUpLab() {
  const lab = await get('api/lab');
  aliases = lab.aliases;
  const families = [...new Set(lab.items.map((item) => item.family))];
  let number = 0;
  replace($('experiments'), families.map((family) => [
    family && h('h3', { class: 'family' }, relay(family)),
    h('div', { class: 'lab' }, lab.items.filter((item) => item.family === family).map((item) => makeCard(item, ++number)))]));
}

// A link names an item by its id, an older name of it, or its number.
export function openItem(name) {
  const card = cards.get(aliases[name] ?? name) ?? [...cards.values()][Number(name) - 1];
  if (!card) return;
  card.element.open = true;
  card.element.scrollIntoView();
  if (!isLive) card.perform(); // what came of it is recorded, so a link shows it
}

function makeCard(item, number) {
  const result = h('div', { class: 'result', 'aria-live': 'polite' });
  const run = h('button', { type: 'button', class: 'primary', disabled: true, onclick: () => perform() }, isLive ? say('Run it') : say('Show the recorded run'));
  const radios = item.choices.map((choice, index) => h('label', { class: 'choice' },
    h('input', { type: 'radio', name: item.id, value: String(index), onchange: () => { run.disabled = false; } }), quote(choice)));
  const element = h('details', { class: 'item', data: { item: item.id } },
    h('summary', {}, h('span', { class: 'count' }, number), h('h4', {}, quote(item.title))),
    h('p', {}, quote(item.question)),
    h('fieldset', {}, h('legend', {}, say('Your prediction')), radios), run, result);
  element.addEventListener('toggle', () => { if (element.open && !matchMedia('print').matches) history.replaceState(null, '', `#lab=${item.id}`); });
  const card = { element, perform };
  cards.set(item.id, card);

  async function perform() {
    run.disabled = true;
    if (isLive) replace(result, h('p', { class: 'empty' }, say('Running against the real services …')));
    try {
      show(await post(`api/lab/${item.id}`));
    } catch (error) {
      replace(result);
      complain(error);
    }
    run.disabled = false;
    if (isLive) run.textContent = say('Run it again');
  }

  function show(found) {
    const checked = element.querySelector('input:checked');
    const predicted = checked && Number(checked.value);
    radios.forEach((radio, index) => {
      radio.classList.toggle('right', index === found.right);
      radio.classList.toggle('wrong', checked && index === predicted && index !== found.right);
    });
    const right = relay(item.choices[found.right]);
    const verdict = !checked ? say('It was: {right}.', { right })
      : predicted === found.right ? say('As you predicted.') : say('Not as you predicted. It was: {right}.', { right });
    replace(result,
      h('p', { class: predicted === found.right ? 'verdict good' : 'verdict' }, verdict),
      h('ol', { class: 'tries' }, found.tries.map((one) => h('li', {}, h('span', {}, quote(one.what)), h('b', { class: look(one.outcome) }, quote(one.outcome))))),
      !found.ok && h('p', { class: 'problem' }, say('This is not how it should end: the services here behave otherwise.')),
      h('p', { class: 'reason' }, quote(found.reason)),
      !isLive && h('p', { class: 'note' }, say('Recorded. A run of your own needs the live page: scripts/demo --open.')),
      found.source && h('details', {}, h('summary', {}, say('The lines that decided')), sourceLines(found.source)));
  }
  return element;
}

const look = (outcome) => (/^(SEES|ExpressPlay): -?\d/.test(outcome) ? 'bad' : /issued/.test(outcome) ? 'good' : '');
