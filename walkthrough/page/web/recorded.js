// The edition without a server: what the services answered once, in place of a server that answers now.
//
// data.js sets `recordedWalkthrough`: answers by path, and runs by device, title and the device that was bound before.

import { registrations } from './rows.js';

const data = globalThis.recordedWalkthrough;
const words = globalThis.recordedWords;

let tellPage = () => {};
let devices;
let rows;
let steps;
let bound;
let decided;
let current;
let runs = 0;
let stepping = false;
let release = null;
let over = {};

function begin({ withStory }) {
  devices = data.devices.map((device) => ({ ...device, title: null, refusal: null, offset: 0, leased: false, over: null, ends: null }));
  rows = [];
  steps = [];
  bound = null;
  decided = null;
  current = null;
  over = {};
  if (!withStory) return;
  // Who arrives by a link finds the whole binding: Device A registered, and plays.
  for (const title of ['dummy', 'film']) {
    const run = runOf('A', title);
    keep(run, 'A', title);
    for (const step of run.steps) addStep(step, run, 'A', title);
    end(run, 'A', title);
  }
}

const runOf = (device, title) => data.runs[`${device}.${title}.${bound ?? 'nobody'}`] ?? data.runs[`${device}.${title}.any`];

function keep(run, device, title) {
  current = { device, title: data.titles[title], renews: false, round: 1 };
  runs += 1;
  steps = steps.filter((step) => step.n < (title === 'dummy' ? 0 : 6));
}

function addStep(step, run, device, title) {
  const shown = { ...step, device, title: data.titles[title], renews: false, run: runs, round: 1, message: run.name, open: run.open };
  steps = [...steps.filter((other) => other.n !== step.n), shown];
  return shown;
}

function end(run, device, title) {
  rows = [...rows, ...run.rows.map((row) => ({ ...row, event_id: rows.length + 1 }))];
  // Whom SEES decided for in this run: before its look-up nobody, and a refusal changes nothing.
  if (run.decided) decided = registrations(rows, data.devices[0].cookie).findLast((row) => row.device_id === run.decided)?.event_id;
  else if (title === 'dummy') decided = null;
  rows = rows.map((row) => ({ ...row, binds: row.event_id === decided }));
  if (title === 'dummy') bound = device;
  Object.assign(devices.find((one) => one.name === device), run.refusal ? { title: null, refusal: run.refusal } : { title, refusal: null, licenses: run.licenses });
}

const state = (running) => ({ type: 'state', devices, steps, rows, stepping, running, current });

async function play(device, title) {
  const run = runOf(device, title);
  const mine = over;
  if (!run) throw new Error(data.needsLive);
  Object.assign(devices.find((one) => one.name === device), { title: null, refusal: null });
  keep(run, device, title);
  tellPage({ type: 'begin', ...current, steps });
  for (const step of run.steps) {
    if (stepping) await new Promise((resolve) => { release = resolve; });
    if (mine !== over) return { startedOver: true };
    tellPage({ type: 'step', step: addStep(step, run, device, title) });
  }
  end(run, device, title);
  tellPage(state(false));
  return run.refusal ? { refusal: run.refusal } : { licenses: run.licenses };
}

async function get(path) {
  const [, kind, ...rest] = path.split('/');
  if (kind === 'words') return { ...words, texts: { ...words.texts, ...saidInOrder() } };
  if (kind === 'devices') return { licenses: devices.find((device) => device.name === rest[0]).licenses };
  if (kind === 'inspect') {
    const [n, message] = rest;
    const found = steps.find((step) => step.n === Number(n));
    return data.answers[`api/inspect/${found?.message}.${n}/${message}`] ?? Promise.reject(new Error(data.needsLive));
  }
  return data.answers[path] ?? Promise.reject(new Error(data.needsLive));
}

// The language's script has no English: for each text of the data, sorted, what it is in the language, or 0.
function saidInOrder() {
  const texts = [...new Set(textsIn(data))].sort();
  return Object.fromEntries(texts.map((text, at) => [text, words.inOrder[at]]).filter(([, said]) => said));
}

function* textsIn(value) {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const inner of value) yield* textsIn(inner);
  else if (value && typeof value === 'object') {
    for (const [name, inner] of Object.entries(value)) {
      yield name;
      yield* textsIn(inner);
    }
  }
}

async function post(path, value) {
  const [, kind, name, act] = path.split('/');
  if (kind === 'lab') return data.answers[path] ?? Promise.reject(new Error(data.needsLive));
  if (kind === 'devices' && act === 'play') return play(name, value.title);
  if (kind === 'pace') {
    if ('stepping' in value) stepping = value.stepping;
    release?.();
  } else if (kind === 'start-over') {
    const give = release;
    begin({ withStory: false });
    give?.();
    tellPage(state(false));
  } else throw new Error(data.needsLive);
  return {};
}

function listen(on) {
  tellPage = on;
  begin({ withStory: true });
  on(state(false));
}

export const recorded = data ? { get, post, listen } : null;
