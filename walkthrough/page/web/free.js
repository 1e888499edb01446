// Free play: change one field of the next request or SPC, and see who notices.

import { get, post } from './api.js';
import { complain } from './alert.js';
import { $, h, replace } from './dom.js';
import { quote, relay, say } from './words.js';

export async function setUpFreePlay() {
  let { spc, fields } = await get('/api/free').catch(() => ({ fields: [] }));
  const layers = [...new Set(fields.map((field) => field.layer))];
  const group = (layer) => (layer === 'request' ? say('request to SEES') : say('SPC: {layer}', { layer: relay(layer) }));
  const select = h('select', { id: 'free-field', onchange: () => fillIn() }, layers.map((layer) => h('optgroup', { label: group(layer) },
    fields.map((field, index) => field.layer === layer && h('option', { value: String(index) }, field.name)))));
  const input = h('input', { id: 'free-value', spellcheck: 'false', autocomplete: 'off' });
  const flip = h('button', { type: 'button', onclick: () => flipBit() }, say('Flip a bit'));
  const send = h('button', { type: 'submit', class: 'primary' }, say('Send it'));
  const result = h('div', { 'aria-live': 'polite', id: 'free-result' });
  const form = h('form', {},
    h('label', {}, say('field'), select), h('label', { class: 'wide' }, say('its new value'), input), flip, send);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    perform();
  });
  replace($('free'), form, result);
  fillIn();

  function chosen() {
    return fields[Number(select.value)];
  }

  function fillIn() {
    input.value = chosen()?.value ?? '';
    flip.hidden = chosen()?.layer === 'request';
    replace(result); // a verdict on one value says nothing about the next
  }

  function flipBit() {
    const first = (parseInt(input.value.slice(0, 2), 16) ^ 0x80).toString(16).padStart(2, '0');
    input.value = first + input.value.slice(2);
  }

  async function perform() {
    send.disabled = true;
    replace(result);
    try {
      const { layer, name } = chosen();
      const answer = await post('/api/free', { spc, layer, name, value: input.value });
      show(answer.noticed);
      if (answer.used) ({ spc, fields } = await get('/api/free'));
    } catch (error) {
      complain(error);
    }
    send.disabled = false;
  }

  function show(noticed) {
    if (!noticed) {
      replace(result, h('p', { class: 'verdict' }, say('Nobody noticed: a license came back, and it opened.')));
      return;
    }
    const { number, step, cause } = noticed;
    const what = { who: relay(noticed.said_by), step, number, title: relay(noticed.title) };
    const because = cause && say(', cause {number} {title}', cause);
    replace(result, h('p', { class: 'verdict bad' }, say('{who}, step {step}: {number} {title}', what), because),
      h('p', {}, quote((cause ?? noticed).meaning)), h('p', { class: 'note', lang: 'en' }, noticed.text));
  }
}
