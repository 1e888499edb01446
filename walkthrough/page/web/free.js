// Free play: one field of a request, or of one SPC, is changed and sent. Who notices is said beside it, at once.

import { get, isLive, post } from './api.js';
import { complain } from './alert.js';
import { $, h, replace } from './dom.js';
import { quote, relay, say } from './words.js';

const REQUEST = 'request';
const PAUSE = 500;

export async function setUpFreePlay() {
  if (!isLive) {
    replace($('free'), h('p', { class: 'note' }, say('Free play sends real messages: it needs the live page, scripts/demo --open.')));
    return;
  }
  let bench = await get('api/free').catch(() => ({ fields: [] }));
  const layers = [...new Set(bench.fields.map((field) => field.layer))];
  const group = (layer) => (layer === REQUEST ? say('request to SEES') : say('SPC: {layer}', { layer: relay(layer) }));
  const select = h('select', { id: 'free-field', onchange: () => fillIn() }, layers.map((layer) => h('optgroup', { label: group(layer) },
    bench.fields.map((field, index) => field.layer === layer && h('option', { value: String(index) }, field.name)))));
  const input = h('input', { id: 'free-value', spellcheck: 'false', autocomplete: 'off', oninput: () => changed() });
  const flip = h('button', { type: 'button', onclick: () => flipBit() }, say('Flip a bit'));
  const submit = h('button', { type: 'submit', class: 'primary' }, say('Send it'));
  const compared = h('div', { class: 'compared', id: 'free-compared' });
  const result = h('div', { 'aria-live': 'polite', id: 'free-result' });
  const form = h('form', {}, h('label', {}, say('field'), select), h('label', { class: 'wide' }, say('its new value'), input), flip, submit);
  let timer;
  let asked = 0;
  let sent = null;
  let used = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    perform();
  });
  replace($('free'), form, h('div', { class: 'side-by-side' }, compared, result));
  fillIn();

  function chosen() {
    return bench.fields[Number(select.value)];
  }

  function fillIn() {
    clearTimeout(timer);
    asked += 1; // an answer still on its way is about another field
    input.value = chosen()?.value ?? '';
    flip.hidden = chosen()?.layer === REQUEST;
    replace(result); // a verdict on one value says nothing about the next
    compare();
  }

  // Before and after, what differs marked: an SPC's field byte by byte.
  function compare() {
    const { value, layer } = chosen() ?? { value: '' };
    const parts = (text) => (layer === REQUEST ? [text] : text.match(/..?/g) ?? []);
    const [before, after] = [parts(value), parts(input.value)];
    const line = (words, own, other) => h('div', {}, h('span', {}, words), h('code', {}, own.map((part, at) =>
      [h(part === other[at] ? 'span' : 'mark', {}, part), layer !== REQUEST && ' '])));
    replace(compared, line(say('before'), before, after), line(say('after'), after, before));
  }

  function changed() {
    compare();
    clearTimeout(timer);
    if (chosen().layer === REQUEST || /^([0-9a-f]{2})*$/i.test(input.value) && input.value.length === chosen().value.length) timer = setTimeout(perform, PAUSE);
  }

  function flipBit() {
    const first = (parseInt(input.value.slice(0, 2), 16) ^ 0x80).toString(16).padStart(2, '0');
    input.value = first + input.value.slice(2);
    compare();
    perform();
  }

  async function perform() {
    clearTimeout(timer);
    const number = ++asked;
    await sent; // one at a time
    if (number === asked) await (sent = send(number));
  }

  async function send(number) {
    try {
      if (used) await takeAnother();
      const { layer, name } = chosen();
      const answer = await post('api/free', { spc: bench.spc, layer, name, value: input.value });
      ({ used } = answer);
      if (number === asked) show(answer);
    } catch (error) {
      complain(error);
    }
  }

  // ExpressPlay answers an SPC once, so the next try gets another one: with the same bits turned over.
  async function takeAnother() {
    const before = chosen().value;
    bench = await get('api/free');
    used = false;
    const { layer, value } = chosen();
    const turned = (digit, at) => (parseInt(digit, 16) ^ parseInt(before[at], 16) ^ parseInt(input.value[at], 16)).toString(16);
    if (layer !== REQUEST && value.length === input.value.length) input.value = value.replace(/./g, turned);
    compare();
  }

  function show({ noticed, differ }) {
    const onTheWire = chosen().layer !== REQUEST && h('p', { class: 'note' }, say('On the wire {differ} of {size} bytes of the SPC differ.', { differ, size: bench.size }));
    if (!noticed) {
      replace(result, h('p', { class: 'verdict' }, say('Nobody noticed: a license came back, and it opened.')), onTheWire);
      return;
    }
    const { number, step, cause } = noticed;
    const what = { who: relay(noticed.said_by), step, number, title: relay(noticed.title) };
    const because = cause && say(', cause {number} {title}', { ...cause, title: relay(cause.title) });
    replace(result, h('p', { class: 'verdict bad' }, say('{who}, step {step}: {number} {title}', what), because),
      h('p', {}, quote((cause ?? noticed).meaning)), onTheWire);
  }
}
