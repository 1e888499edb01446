// The lab: predict, run against the real services, read the reason and the lines that decided.

import { get, post } from './api.js';
import { complain } from './alert.js';
import { $, h, replace } from './dom.js';
import { sourceLines } from './step.js';
import { quote, relay, say } from './words.js';

const cards = new Map();
let aliases = {};

export async function setUpLab() {
  const lab = await get('/api/lab');
  aliases = lab.aliases;
  replace($('experiments'), lab.items.map((item, number) => makeCard(item, number + 1)));
}

export function openItem(name) {
  const card = cards.get(aliases[name] ?? name);
  if (!card) return;
  card.open = true;
  card.scrollIntoView();
}

function makeCard(item, number) {
  const result = h('div', { class: 'result', 'aria-live': 'polite' });
  const run = h('button', { type: 'button', class: 'primary', disabled: true, onclick: () => perform() }, say('Run it'));
  const radios = item.choices.map((choice, index) => h('label', { class: 'choice' },
    h('input', { type: 'radio', name: item.id, value: String(index), onchange: () => { run.disabled = false; } }), quote(choice)));
  const card = h('details', { class: 'item', data: { item: item.id } },
    h('summary', {}, h('span', { class: 'count' }, number), h('h3', {}, quote(item.title))),
    h('p', {}, quote(item.question)),
    h('fieldset', {}, h('legend', {}, say('Your prediction')), radios), run, result);
  card.addEventListener('toggle', () => { if (card.open) history.replaceState(null, '', `#lab=${item.id}`); });
  cards.set(item.id, card);

  async function perform() {
    run.disabled = true;
    replace(result, h('p', { class: 'empty' }, say('Running against the real services …')));
    try {
      show(await post(`/api/lab/${item.id}`));
    } catch (error) {
      replace(result);
      complain(error);
    }
    run.disabled = false;
    run.textContent = say('Run it again');
  }

  function show(found) {
    const predicted = Number(card.querySelector('input:checked').value);
    radios.forEach((radio, index) => {
      radio.classList.toggle('right', index === found.right);
      radio.classList.toggle('wrong', index === predicted && index !== found.right);
    });
    const right = relay(item.choices[found.right]);
    const verdict = predicted === found.right ? say('As you predicted.') : say('Not as you predicted. It was: {right}.', { right });
    replace(result,
      h('p', { class: predicted === found.right ? 'verdict good' : 'verdict' }, verdict),
      h('ol', { class: 'tries' }, found.tries.map((one) => h('li', {}, h('span', {}, quote(one.what)), h('b', { class: look(one.outcome) }, quote(one.outcome))))),
      !found.ok && h('p', { class: 'problem' }, say('This is not how it should end: the services here behave otherwise.')),
      h('p', { class: 'reason' }, quote(found.reason)),
      found.source && [h('h4', {}, say('The lines that decided')), sourceLines(found.source)]);
  }
  return card;
}

const look = (outcome) => (/^(SEES|ExpressPlay): -?\d/.test(outcome) ? 'bad' : /issued/.test(outcome) ? 'good' : '');
