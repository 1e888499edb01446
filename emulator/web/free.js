// Free play: change one field of the next request or SPC, and see who notices.

import { get, post } from './api.js';
import { complain } from './alert.js';
import { $, h, replace } from './dom.js';

export async function setUpFreePlay() {
  const fields = await get('/api/free').catch(() => []);
  const layers = [...new Set(fields.map((field) => field.layer))];
  const words = { request: 'request to SEES' };
  const select = h('select', { id: 'free-field', onchange: () => fillIn() }, layers.map((layer) => h('optgroup', { label: words[layer] ?? `SPC: ${layer}` },
    fields.map((field, index) => field.layer === layer && h('option', { value: String(index) }, field.name)))));
  const input = h('input', { id: 'free-value', spellcheck: 'false', autocomplete: 'off' });
  const flip = h('button', { type: 'button', onclick: () => flipBit() }, 'Flip a bit');
  const send = h('button', { type: 'submit', class: 'primary' }, 'Send it');
  const result = h('div', { 'aria-live': 'polite', id: 'free-result' });
  const form = h('form', {},
    h('label', {}, 'field', select), h('label', { class: 'wide' }, 'its new value', input), flip, send);
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
  }

  function flipBit() {
    const first = (parseInt(input.value.slice(0, 2), 16) ^ 0x80).toString(16).padStart(2, '0');
    input.value = first + input.value.slice(2);
  }

  async function perform() {
    send.disabled = true;
    try {
      const { layer, name } = chosen();
      show((await post('/api/free', { layer, name, value: input.value })).noticed);
    } catch (error) {
      complain(error);
    }
    send.disabled = false;
  }

  function show(noticed) {
    if (!noticed) {
      replace(result, h('p', { class: 'verdict' }, 'Nobody noticed: a license came back, and it opened.'));
      return;
    }
    const cause = noticed.cause ? `, cause ${noticed.cause.number} ${noticed.cause.title}` : '';
    replace(result, h('p', { class: 'verdict bad' }, `${noticed.said_by}, step ${noticed.step}: ${noticed.number} ${noticed.title}${cause}`),
      h('p', {}, noticed.text));
  }
}
