// The device cards: who each device is, what it may do, and its screen.

import { post } from './api.js';
import { $, h, replace } from './dom.js';
import { play, reset } from './player.js';
import { complain } from './alert.js';
import { quote, relay, say } from './words.js';

const HOUR = 3600;
const ADVANCES = [[say('+1 min'), 60], [say('+1 h'), HOUR], [say('+1 day'), 24 * HOUR], [say('+3 days'), 72 * HOUR]];
const cards = new Map();

export function showDevices(story, state) {
  for (const [name, card] of cards) {
    if (!state.devices.some((device) => device.name === name)) {
      card.element.remove();
      cards.delete(name);
    }
  }
  for (const device of state.devices) {
    if (!cards.has(device.name)) cards.set(device.name, makeCard(story, device.name));
    cards.get(device.name).show(device, state);
  }
}

// A run ends for the page when its last event is there, which may be after its answer.
const RUN = 'run';
const busy = new Set();

export const runBegins = () => lockButtons(RUN, true);
export const runEnds = () => lockButtons(RUN, false);

function lockButtons(why, locked) {
  if (locked) busy.add(why);
  else busy.delete(why);
  for (const button of document.querySelectorAll('.device .plays button')) button.disabled = busy.size > 0;
}

function makeCard(story, name) {
  const titleId = `device-${name}`;
  const pill = h('span', { class: 'pill' });
  const video = h('video', { muted: true, loop: true, playsinline: true, 'aria-label': say('Screen of Device {name}', { name }) });
  video.muted = true;
  const still = h('img', { class: 'still', alt: '', hidden: true });
  const overlay = h('div', { class: 'overlay' });
  const sound = h('button', { type: 'button', class: 'sound quiet', hidden: true }, say('Sound on'));
  const unbind = h('button', { type: 'button', class: 'quiet', hidden: true }, say('Take the license away'));
  const renew = h('button', { type: 'button', class: 'quiet', hidden: true, onclick: () => askToRenew() }, say('Renew the lease'));
  const seed = field(`${titleId}-seed`, 'seed', say('seed'), say('Any text. The same seed is the same device.'));
  const cookie = field(`${titleId}-cookie`, 'cookie', 'cookie', say('The customer cookie. Who holds it may register.'));
  const identity = h('code', { class: 'hex' });
  const clock = h('time', {});
  const end = h('time', {});
  const until = h('div', { hidden: true }, h('dt', {}, say('plays until')), h('dd', {}, end));
  const plays = story.titles.map((title) =>
    h('button', { type: 'button', data: { title: title.title },
      onclick: () => start(title.title) },
    title.dummy ? say('Play the dummy') : title.title === 'film' ? say('Play the film') : say('Play {name}', title),
    h('small', {}, title.dummy ? say('registers') : title.title === 'rotation' ? say('two keys') : say('binds'))));
  const element = h('article', { class: 'device', 'aria-labelledby': titleId, data: { device: name } },
    h('header', {}, h('h3', { id: titleId }, say('Device {name}', { name })), pill),
    h('div', { class: 'screen' }, video, still, overlay, sound),
    h('div', { class: 'plays' }, plays, renew, unbind),
    h('dl', {},
      seed.row, cookie.row,
      h('div', {}, h('dt', {}, 'device_id'), h('dd', {}, identity)),
      h('div', {}, h('dt', {}, say('clock')), h('dd', { class: 'clock' }, clock,
        ADVANCES.map(([words, seconds]) => h('button', { type: 'button', class: 'tiny quiet',
          'aria-label': say('Move the clock of Device {name} {words}', { name, words }),
          onclick: () => advance(seconds) }, words)))),
      until));
  $('devices').append(element);

  let offset = 0;
  let ends = null;
  let leased = false;
  let playing = null;
  let pending = null;
  const tick = () => {
    clock.textContent = shown(Date.now() + offset * 1000);
    // The device's own clock ends a rental or a lease, also while nothing else happens.
    if (playing?.keys && ends && Date.now() + offset * 1000 >= ends) {
      ends = null;
      advance(0);
    }
  };
  const advance = (seconds) => post(`/api/devices/${name}/clock`, { advance: seconds }).catch(complain);
  setInterval(tick, 1000);

  async function start(title) {
    lockButtons(name, true);
    runBegins();
    pending = title;
    cover(say('Waiting for a license'), say('The decoder has the encrypted segments and no key.'), 'wait');
    still.hidden = true;
    try {
      const license = () => post(`/api/devices/${name}/play`, { title });
      playing = await play(video, title, license);
      if (playing.keys && playing.undecodable) {
        still.src = `/api/devices/${name}/still?${Date.now()}`;
        still.hidden = false;
        cover('', say('This browser has no EME ClearKey or no such codec: a picture that the emulator decoded.'), 'foot');
      } else if (playing.keys) cover();
      if (playing.refusal) refused(playing.refusal);
    } catch (error) {
      cover(say('No answer'), quote(error.message), 'bad');
      complain(error);
      runEnds();
    } finally {
      pending = null;
      lockButtons(name, false);
      showExtras();
    }
  }

  function cover(title, text, look = '') {
    replace(overlay, title && h('strong', {}, title), text && h('p', {}, text));
    overlay.className = `overlay ${title || text ? look : 'clear'}`;
  }

  function refused(refusal) {
    const where = refusal.step && [say('Refused at step {step}.', refusal), ' '];
    const cause = refusal.cause && [' ', say('Cause {number}, {title}.', refusal.cause)];
    cover(headline(refusal), [where, quote(refusal.meaning), cause], 'bad');
  }

  async function askToRenew() {
    lockButtons(name, true);
    const { refusal } = await post(`/api/devices/${name}/renew`).catch((error) => ({ refusal: { text: error.message } }));
    if (refusal) complain(new Error(refusal.text));
    lockButtons(name, false);
  }

  function showExtras() {
    unbind.hidden = sound.hidden = !playing?.keys || playing.undecodable;
    renew.hidden = !playing?.keys || !leased;
  }

  unbind.addEventListener('click', async () => {
    await playing?.close();
    playing = null;
    cover(say('Unbound while watching'), say('The key session is closed. The decoder has the segments, and no key for them.'), 'bad');
    showExtras();
  });
  sound.addEventListener('click', () => {
    video.muted = !video.muted;
    sound.textContent = video.muted ? say('Sound on') : say('Sound off');
  });
  for (const part of [seed, cookie]) {
    part.input.addEventListener('change', () =>
      post(`/api/devices/${name}`, { [part.key]: part.input.value }).catch(complain));
  }

  function show(device, state) {
    offset = device.offset;
    leased = device.leased;
    ends = device.ends && !device.over ? Date.parse(device.ends) : null;
    until.hidden = !ends;
    end.textContent = ends ? shown(ends) : '';
    end.dateTime = device.ends ?? '';
    tick();
    identity.textContent = device.device_id;
    for (const part of [seed, cookie]) if (document.activeElement !== part.input) part.input.value = device[part.key];
    const status = statusOf(device, state.rows);
    pill.textContent = status.words;
    pill.className = `pill ${status.look}`;
    const next = status.registered ? 'film' : 'dummy';
    for (const button of plays) button.classList.toggle('primary', button.dataset.title === next);
    if (pending) return;
    if (device.over && playing?.keys) {
      playing.close();
      playing = null;
      cover(headline(device.over), [quote(device.over.meaning), ' ', say('By the clock of the device itself.')], 'bad');
    } else if (!device.title && !device.refusal && playing) {
      playing.close?.();
      playing = null;
      reset(video);
    }
    if (!playing && !device.over && device.refusal) refused(device.refusal);
    else if (!playing && !device.title) cover(say('No license'), say('Nothing has been asked for yet.'), 'idle');
    else if (!playing && overlay.textContent === '') cover(say('Paused'), say('Licensed in another window. Play it here.'), 'idle');
    showExtras();
  }
  return { element, show };
}

const headline = ({ number, title }) => `${number} ${relay(title)}`;

const shown = (time) => new Date(time).toISOString().slice(0, 19).replace('T', ' ');

function statusOf(device, rows) {
  const binding = rows.find((row) => row.binds && row.cookie === device.cookie);
  const registered = binding?.device_id === device.device_id;
  const status = (words, look) => ({ words, look, registered });
  if (device.over) return status(relay(device.over.title), 'bad');
  if (device.refusal) return status(say('refused {number}', device.refusal), 'bad');
  if (device.title && device.title !== 'dummy') return status(say('licensed'), 'good');
  return registered ? status(say('registered'), 'good') : status(say('not registered'), '');
}

function field(id, key, label, hint) {
  const input = h('input', { id, maxlength: key === 'cookie' ? 32 : 64, spellcheck: 'false', autocomplete: 'off' });
  const row = h('div', { title: hint }, h('dt', {}, h('label', { for: id }, label)), h('dd', {}, input));
  return { key, input, row };
}
