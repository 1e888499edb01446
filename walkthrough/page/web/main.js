// The page: what is known, and who shows it.

import './language.js';
import { get, isLive, listen, post } from './api.js';
import { complain } from './alert.js';
import { $ } from './dom.js';
import { runBegins, runEnds, showDevices } from './devices.js';
import { showDiagram, watchWidth } from './diagram.js';
import { explainTerms, setUpGlossary } from './glossary.js';
import { fillHandout } from './handout.js';
import { offerMessages, openBest, openMessage, setUpInspector } from './inspector.js';
import { setUpFreePlay } from './free.js';
import { openItem, setUpLab } from './lab.js';
import { showLog } from './log.js';
import { choosePace, hurry, inTurn, pace } from './pace.js';
import { closeStep, openStep, showStep } from './step.js';
import { tell, tellStep } from './story.js';
import { say } from './words.js';

const state = { devices: [], steps: [], rows: [], stepping: false, running: false, current: null };
let outline;
let chosen = null;

const on = {
  state(event) {
    Object.assign(state, event);
    if (!state.running) runEnds();
    showDevices(outline, state);
    showLog(state);
    showPace();
    showCaption();
    redraw();
  },
  begin({ steps, ...current }) {
    Object.assign(state, { steps, current, running: true });
    chosen = null;
    closeStep();
    showCaption();
    tell($('caption').textContent);
    runBegins();
    showPace();
    redraw();
  },
  step({ step }) {
    state.steps = [...state.steps.filter((other) => other.n !== step.n), step];
    state.current = { ...state.current, round: step.round ?? 1 };
    chosen = step.n;
    showCaption();
    tellStep(step);
    redraw();
  },
  rows({ rows }) {
    state.rows = rows;
    showLog(state);
    showDevices(outline, state);
    redraw();
  },
  offline({ full }) {
    complain(new Error(full ? say('This page is open in too many windows: close one, and load this one again.')
      : say('The page has lost its server; it tries again by itself.')));
  },
};

function redraw() {
  if (!state.devices.length) return; // nothing is known yet
  showDiagram(outline, state, chosen, choose);
  showStep(outline, state.steps, chosen);
  offerMessages(state.steps);
}

function showCaption() {
  const { device, title, renews, round } = state.current ?? {};
  const words = !device ? say('Nothing has happened yet. The grey arrows are what a binding takes.')
    : renews ? say('Device {device} renews the leases of {title}', { device, title })
      : say('Device {device} plays {title}', { device, title });
  $('caption').textContent = !device ? words : round > 1 ? say('{words}: key {round}.', { words, round }) : `${words}.`;
}

function choose(n) {
  chosen = n;
  history.replaceState(null, '', `#step=${n}`);
  openStep();
  redraw();
  $('diagram').querySelector('.chosen')?.scrollIntoView({ block: 'nearest' });
}

function showPace() {
  $('pace').value = state.stepping ? 'stepping' : pace();
  for (const button of [$('next'), $('to-end')]) {
    button.hidden = !state.stepping;
    button.setAttribute('aria-disabled', String(!(state.stepping && state.running)));
  }
}

function wire() {
  const ask = (path, value) => post(path, value).catch(complain);
  const setStepping = (stepping) => {
    state.stepping = stepping;
    ask('api/pace', { stepping });
    showPace();
  };
  $('pace').addEventListener('change', ({ target }) => {
    if (target.value !== 'stepping') choosePace(target.value);
    setStepping(target.value === 'stepping');
  });
  $('next').addEventListener('click', () => state.running && ask('api/pace', { next: true }));
  $('to-end').addEventListener('click', () => state.running && setStepping(false));
  $('start-over').addEventListener('click', () => {
    hurry();
    history.replaceState(null, '', location.pathname + location.search);
    ask('api/start-over');
  });
  $('add-device').hidden = !isLive;
  $('add-device').addEventListener('click', () => ask('api/devices'));
  $('close-step').addEventListener('click', () => closeStep(true));
  watchWidth(redraw);
  setUpInspector();
}

function followLink() {
  const link = new URLSearchParams(location.hash.slice(1));
  const [step, item, message] = ['step', 'lab', 'bytes'].map((name) => link.get(name));
  if (step) {
    chosen = Number(step);
    openStep();
    redraw();
    $('stage').scrollIntoView();
  }
  if (item) openItem(item);
  if (message) openMessage(...message.split('.'));
  else if (message === '') openBest(state.steps);
}

async function begin() {
  [outline] = await Promise.all([get('api/outline'), setUpLab(), setUpFreePlay()]);
  setUpGlossary(outline.glossary ?? []);
  fillHandout(outline);
  wire();
  let first = true;
  listen((event) => inTurn(() => {
    on[event.type]?.(event);
    if (!first || event.type !== 'state') return;
    first = false;
    followLink();
    explainTerms(document.querySelectorAll('[data-terms]'));
    document.documentElement.dataset.ready = 'yes';
  }, event.type === 'step' && !state.stepping));
  window.addEventListener('hashchange', followLink);
}

begin().catch(complain);
