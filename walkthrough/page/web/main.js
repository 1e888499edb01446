// The page: what is known, and who shows it.

import './language.js';
import { get, listen, post } from './api.js';
import { complain } from './alert.js';
import { $ } from './dom.js';
import { runBegins, runEnds, showDevices } from './devices.js';
import { showDiagram, watchWidth } from './diagram.js';
import { offerMessages, openMessage, setUpInspector } from './inspector.js';
import { setUpFreePlay } from './free.js';
import { openItem, setUpLab } from './lab.js';
import { showLog } from './log.js';
import { showStep } from './step.js';
import { say } from './words.js';

const state = { devices: [], steps: [], rows: [], stepping: false, running: false };
let story;
let chosen = null;

const on = {
  state(event) {
    Object.assign(state, event);
    if (!state.running) runEnds();
    if (state.current && state.steps.length) showCaption(state.current);
    showDevices(story, state);
    showLog(state.rows);
    showPace();
    redraw();
  },
  begin(event) {
    state.steps = event.steps;
    state.running = true;
    chosen = null;
    showCaption(event);
    runBegins();
    showPace();
    redraw();
  },
  step({ step }) {
    state.steps = [...state.steps.filter((other) => other.n !== step.n), step];
    chosen = step.n;
    if (step.round) showCaption(step);
    redraw();
  },
  rows({ rows }) {
    state.rows = rows;
    showLog(rows);
  },
  offline() {
    complain(new Error(say('The page has lost its server; it tries again by itself.')));
  },
};

function redraw() {
  showDiagram(story, state.steps, chosen, choose);
  showStep(story, state.steps, chosen);
  offerMessages(state.steps);
}

function showCaption({ device, title, renews, round }) {
  const words = renews ? say('Device {device} renews the leases of {title}', { device, title })
    : say('Device {device} plays {title}', { device, title });
  $('sequence-caption').textContent = round > 1 ? say('{words}: key {round}.', { words, round }) : `${words}.`;
}

function choose(n) {
  chosen = n;
  history.replaceState(null, '', `#step=${n}`);
  redraw();
}

function showPace() {
  $('stepping').checked = state.stepping;
  $('next').disabled = !(state.stepping && state.running);
  $('to-end').disabled = !(state.stepping && state.running);
}

function wire() {
  const ask = (path, value) => post(path, value).catch(complain);
  $('add-device').addEventListener('click', () => ask('/api/devices'));
  $('stepping').addEventListener('change', (event) => {
    state.stepping = event.target.checked;
    ask('/api/pace', { stepping: state.stepping });
    showPace();
  });
  $('next').addEventListener('click', () => ask('/api/pace', { next: true }));
  $('to-end').addEventListener('click', () => {
    state.stepping = false;
    ask('/api/pace', { stepping: false });
    showPace();
  });
  $('start-over').addEventListener('click', () => ask('/api/start-over'));
  watchWidth(redraw);
  setUpInspector();
}

function followLink() {
  const link = new URLSearchParams(location.hash.slice(1));
  if (link.has('step')) {
    chosen = Number(link.get('step'));
    redraw();
    $('sequence').scrollIntoView();
  }
  if (link.has('lab')) openItem(link.get('lab'));
  if (link.has('bytes')) openMessage(...link.get('bytes').split('.'));
}

async function begin() {
  [story] = await Promise.all([get('/api/outline'), setUpLab(), setUpFreePlay()]);
  wire();
  let first = true;
  listen((event) => {
    on[event.type]?.(event);
    if (first && event.type === 'state') {
      first = false;
      followLink();
      document.documentElement.dataset.ready = 'yes';
    }
  });
  window.addEventListener('hashchange', followLink);
}

begin().catch(complain);
