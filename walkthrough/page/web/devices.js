// The device cards: who each device is, what it may do, and its screen.

import { get, isLive, post } from './api.js';
import { $, h, replace } from './dom.js';
import { lookOf } from './parties.js';
import { play, reset } from './player.js';
import { bindingRow, registrations } from './rows.js';
import { complain } from './alert.js';
import { tell } from './story.js';
import { quote, relay, say } from './words.js';

const HOUR = 3600;
const ADVANCES = [[say('+1 min'), 60], [say('+1 h'), HOUR], [say('+1 day'), 24 * HOUR], [say('+3 days'), 72 * HOUR]];
const [DUMMY, FILM] = ['dummy', 'film'];
const STORY = [DUMMY, FILM];
const ANOTHER_DEVICE = -9003;
const cards = new Map();

export function showDevices(outline, state) {
  for (const [name, card] of cards) {
    if (!state.devices.some((device) => device.name === name)) {
      card.element.remove();
      cards.delete(name);
    }
  }
  for (const device of state.devices) {
    if (!cards.has(device.name)) cards.set(device.name, makeCard(outline, device.name));
    cards.get(device.name).show(device, state);
  }
}

// A run ends for the page when its last event was shown, which is after its answer.
let running = false;
let waiting = [];
let unlocking = 0;

export function runBegins() {
  running = true;
  lockButtons();
}

export function runEnds() {
  if (running) for (const go of waiting.splice(0)) go();
  running = false;
  lockButtons();
}

const runShown = () => new Promise((resolve) => { waiting.push(resolve); });

// Not `disabled`: that would take the focus away from who pressed it.
function lockButtons() {
  for (const button of document.querySelectorAll('.device .plays button')) button.setAttribute('aria-disabled', String(isBusy()));
  for (const button of document.querySelectorAll('.device .clock button')) button.setAttribute('aria-disabled', String(running));
  for (const input of document.querySelectorAll('.device input')) input.readOnly = !isLive || running;
}

// What a device becomes, before it runs: a run begins once the change that was asked for before it is answered.
let changed = Promise.resolve();

const change = (path, value) => { changed = post(path, value).catch(complain); };

const isBusy = () => running || unlocking > 0;

function makeCard(outline, name) {
  const titleId = `device-${name}`;
  const pill = h('span', { class: 'pill' });
  const video = h('video', { muted: true, loop: true, playsinline: true, 'aria-label': say('Screen of Device {name}', { name }) });
  video.muted = true;
  const still = h('img', { class: 'still', alt: say('A picture of the film'), hidden: true });
  const overlay = h('div', { class: 'overlay' });
  const leadOn = h('p', { class: 'lead-on' });
  const sound = h('button', { type: 'button', class: 'sound quiet', hidden: true, onclick: () => toggleSound() }, say('Sound on'));
  const unbind = h('button', { type: 'button', class: 'quiet', hidden: true, onclick: () => takeAway() }, say('Take the license away'));
  const renew = h('button', { type: 'button', class: 'quiet', hidden: true, onclick: () => unlessRunning(askToRenew) }, say('Renew the lease'));
  const seed = field(`${titleId}-seed`, 'seed', say('seed'), say('Any text. The same seed is the same device.'));
  const cookie = field(`${titleId}-cookie`, 'cookie', 'cookie', say('The customer cookie. Who holds it may register.'));
  const identity = h('code', { class: `hex hu ${lookOf('Client', name)}` });
  const clock = h('time', {});
  const end = h('time', {});
  const until = h('div', { hidden: true }, h('dt', {}, say('plays until')), h('dd', {}, end));
  const plays = outline.titles.map((title) => h('button', { type: 'button', data: { title: title.title }, 'aria-disabled': String(isBusy()),
    onclick: () => unlessRunning(() => start(title)) },
  title.dummy ? say('Play the dummy') : title.title === FILM ? say('Play the film') : say('Play {name}', title)));
  const [first, others] = [plays.filter((button) => STORY.includes(button.dataset.title)), plays.filter((button) => !STORY.includes(button.dataset.title))];
  const element = h('article', { class: `device ${lookOf('Client', name)}`, 'aria-labelledby': titleId, data: { device: name } },
    h('header', {}, h('h3', { id: titleId }, say('Device {name}', { name })), pill),
    h('div', { class: 'screen' }, video, still, overlay, sound),
    leadOn,
    h('div', { class: 'plays' }, first),
    h('dl', {},
      cookie.row,
      h('div', { class: 'whole' }, h('dt', {}, 'device_id'), h('dd', {}, identity)),
      until),
    h('details', { class: 'more', hidden: !isLive }, h('summary', {}, say('Clock, seed and more')), h('div', { class: 'plays' }, others, renew, unbind), h('dl', {},
      seed.row,
      h('div', {}, h('dt', {}, say('clock')), h('dd', { class: 'clock' }, clock,
        ADVANCES.map(([words, seconds]) => h('button', { type: 'button', class: 'tiny quiet',
          'aria-label': say('Move the clock of Device {name} {words}', { name, words }),
          onclick: () => running || advance(seconds) }, words)))))));
  $('devices').append(element);
  lockButtons();

  let device = null;
  let ends = null;
  let playing = null;
  let pending = null;
  let screenOf = '';

  const now = () => Date.now() + (device?.offset ?? 0) * 1000;
  setInterval(() => {
    clock.textContent = shown(now());
    // The device's own clock ends a rental or a lease, also while nothing else happens.
    if (isLive && playing?.licenses && ends && now() >= ends) {
      ends = null;
      advance(0);
    }
  }, 1000);
  const advance = (seconds) => change(`api/devices/${name}/clock`, { advance: seconds });

  function unlessRunning(act) {
    if (!isBusy()) act();
  }

  async function start({ title, name: words }) {
    runBegins();
    pending = title;
    cover(say('Waiting for a license'), say('The decoder has the encrypted segments and no key.'), 'wait');
    still.hidden = true;
    await unlock(title, async () => {
      const seen = runShown();
      await changed;
      const answer = await post(`api/devices/${name}/play`, { title });
      await seen;
      return answer;
    });
    if (playing?.licenses) tell(say('Device {device} has its license: {title} plays.', { device: name, title: words }));
  }

  async function unlock(title, license) {
    unlocking += 1;
    try {
      playing = await play(video, title, license);
      if (playing.licenses && playing.undecodable) showStill();
      else if (playing.licenses) cover();
      if (playing.refusal) refused(playing.refusal);
    } catch (error) {
      cover(say('No answer'), quote(error.message), 'bad');
      complain(error);
      waiting = [];
      running = false;
    } finally {
      pending = null;
      unlocking -= 1;
      lockButtons();
      showExtras();
      if (device) showStatus();
    }
  }

  function showStill() {
    still.src = isLive ? `api/devices/${name}/still?${Date.now()}` : 'still.png';
    still.hidden = false;
    cover('', location.protocol === 'file:'
      ? say('A browser decrypts nothing on a page from disk. Serve this folder over http, and the film moves: this is a picture of it.')
      : say('This browser has no EME ClearKey or no such codec: a picture that the emulator decoded.'), 'foot');
  }

  function cover(title, text, look = '', ...more) {
    replace(leadOn);
    replace(overlay, title && h('strong', {}, title), text && h('p', {}, text), more);
    overlay.className = `overlay ${title || text ? look : 'clear'}`;
    screenOf = '';
  }

  function refused(refusal) {
    const where = refusal.step && [say('Refused at step {step}.', refusal), ' '];
    const cause = refusal.cause && [' ', say('Cause {number}, {title}.', { ...refusal.cause, title: relay(refusal.cause.title) })];
    cover(headline(refusal), [where, quote(refusal.meaning), cause], 'bad');
    replace(leadOn, refusal.step && h('a', { href: `#step=${refusal.step}` }, say('Read why it stays dark')),
      refusal.number === ANOTHER_DEVICE && h('a', { href: '#lab=cookie-stolen-after' }, say('Now steal it')));
    if (screenOf !== refusal.text) tell([say('Device {name} is refused.', { name }), ' ', ...overlay.querySelector('p').textContent].join(''));
    screenOf = refusal.text;
  }

  async function askToRenew() {
    runBegins();
    await changed;
    const { refusal } = await post(`api/devices/${name}/renew`).catch((error) => ({ refusal: { text: error.message } }));
    if (refusal) complain(new Error(refusal.text));
  }

  async function takeAway() {
    await playing?.close();
    playing = null;
    cover(say('Unbound while watching'), say('The key session is closed. The decoder has the segments, and no key for them.'), 'bad');
    showExtras();
  }

  function toggleSound() {
    video.muted = !video.muted;
    sound.textContent = video.muted ? say('Sound on') : say('Sound off');
  }

  function showExtras() {
    unbind.hidden = sound.hidden = !playing?.licenses || playing.undecodable;
    renew.hidden = !playing?.licenses || !device?.leased;
  }

  for (const part of [seed, cookie]) {
    part.input.addEventListener('change', () => change(`api/devices/${name}`, { [part.key]: part.input.value }));
  }

  function show(next, state) {
    device = next;
    ends = device.ends && !device.over ? Date.parse(device.ends) : null;
    until.hidden = !ends;
    end.textContent = ends ? shown(ends) : '';
    end.dateTime = device.ends ?? '';
    clock.textContent = shown(now());
    identity.textContent = device.device_id;
    for (const part of [seed, cookie]) if (document.activeElement !== part.input) part.input.value = device[part.key];
    const status = statusOf(device, state);
    if (pill.textContent && pill.textContent !== status.words && status.lost) tell(say('Device {name} has lost the binding to Device {other}.', { name, other: status.lost }));
    pill.textContent = status.words;
    pill.className = `pill ${status.look}`;
    element.classList.toggle('lost', Boolean(status.lost));
    for (const button of plays) button.classList.toggle('primary', button.dataset.title === (status.registered ? FILM : DUMMY));
    if (!pending) showStatus();
  }

  function showStatus() {
    if (device.over && playing?.licenses) {
      playing.close();
      playing = null;
      cover(headline(device.over), [quote(device.over.meaning), ' ', say('By the clock of the device itself.')], 'bad');
    } else if (!device.title && !device.refusal && playing) {
      playing.close?.();
      playing = null;
      still.hidden = true;
      reset(video);
    }
    if (!playing && !device.over && device.refusal) refused(device.refusal);
    else if (!playing && !device.title) cover(say('No license'), say('Nothing has been asked for yet.'), 'idle');
    else if (!playing && overlay.textContent === '') cover(say('Licensed'), '', 'idle', resume());
    showExtras();
  }

  // The license came before this window did: its CKC is still there to be opened.
  const resume = () => h('button', { type: 'button', onclick: () => {
    pending = device.title;
    unlock(device.title, () => get(`api/devices/${name}/license`));
  } }, say('Show it here'));

  return { element, show };
}

const headline = ({ number, title }) => `${number} ${relay(title)}`;

const shown = (time) => new Date(time).toISOString().slice(0, 19).replace('T', ' ');

function statusOf(device, { rows, devices }) {
  const binding = bindingRow(rows, device.cookie);
  const registered = binding?.device_id === device.device_id;
  const before = registrations(rows, device.cookie).some((row) => row.device_id === device.device_id);
  const other = !registered && before && devices.find((one) => one.device_id === binding?.device_id)?.name;
  const status = (words, look) => ({ words, look, registered, lost: other || null });
  if (device.over) return status(relay(device.over.title), 'bad');
  if (device.refusal) return status(say('refused {number}', device.refusal), 'bad');
  if (other) return status(say('binding lost to Device {other}', { other }), 'bad');
  if (device.title && device.title !== DUMMY) return status(say('licensed'), 'good');
  return registered ? status(say('registered'), 'good') : status(say('not registered'), '');
}

function field(id, key, label, hint) {
  const input = h('input', { id, maxlength: key === 'cookie' ? 32 : 64, spellcheck: 'false', autocomplete: 'off' });
  const row = h('div', { title: hint }, h('dt', {}, h('label', { for: id }, label)), h('dd', {}, input));
  return { key, input, row };
}
