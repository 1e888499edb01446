// The lab: predict, run against the real services, read the reason and the lines that decided.

import { get, post } from './api.js';
import { complain } from './alert.js';
import { $, h, replace } from './dom.js';
import { sourceLines } from './step.js';

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
  const run = h('button', { type: 'button', class: 'primary', disabled: true, onclick: () => perform() }, 'Run it');
  const radios = item.choices.map((choice, index) => h('label', { class: 'choice' },
    h('input', { type: 'radio', name: item.id, value: String(index), onchange: () => { run.disabled = false; } }), choice));
  const card = h('details', { class: 'item', data: { item: item.id } },
    h('summary', {}, h('span', { class: 'count' }, number), h('h3', {}, item.title)),
    h('p', {}, item.question),
    h('fieldset', {}, h('legend', {}, 'Your prediction'), radios), run, result);
  card.addEventListener('toggle', () => { if (card.open) history.replaceState(null, '', `#lab=${item.id}`); });
  cards.set(item.id, card);

  async function perform() {
    run.disabled = true;
    replace(result, h('p', { class: 'empty' }, 'Running against the real services …'));
    try {
      show(await post(`/api/lab/${item.id}`));
    } catch (error) {
      replace(result);
      complain(error);
    }
    run.disabled = false;
    run.textContent = 'Run it again';
  }

  function show(found) {
    const predicted = Number(card.querySelector('input:checked').value);
    radios.forEach((radio, index) => {
      radio.classList.toggle('right', index === found.right);
      radio.classList.toggle('wrong', index === predicted && index !== found.right);
    });
    const verdict = predicted === found.right ? 'As you predicted.' : `Not as you predicted. It was: ${item.choices[found.right]}.`;
    replace(result,
      h('p', { class: predicted === found.right ? 'verdict good' : 'verdict' }, verdict),
      h('ol', { class: 'tries' }, found.tries.map((one) => h('li', {}, h('span', {}, one.what), h('b', { class: look(one.outcome) }, one.outcome)))),
      !found.ok && h('p', { class: 'problem' }, 'This is not how it should end: the services here behave otherwise.'),
      h('p', { class: 'reason' }, found.reason),
      found.source && [h('h4', {}, 'The lines that decided'), sourceLines(found.source)]);
  }
  return card;
}

const look = (outcome) => (/^(SEES|ExpressPlay): -?\d/.test(outcome) ? 'bad' : /issued/.test(outcome) ? 'good' : '');
