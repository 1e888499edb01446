// The parties: a colour for each, a lifeline for each, and one for each device.

import { h } from './dom.js';
import { relay, say } from './words.js';

const CLIENT = 'Client';
const COLOURS = { SEES: 'sees', ExpressPlay: 'expressplay', 'Transaction log': 'log' };
const SHORT = { ExpressPlay: 'EP', 'Transaction log': say('Log') };

const lifelineOfDevice = (name) => `device ${name}`;

// Where a step begins and ends: at the lifeline of the device that took it, or of the service.
export const lifelineOf = (party, device) => (party === CLIENT ? lifelineOfDevice(device) : party);

export const lifelines = (outline, devices) => outline.lifelines.flatMap((party) => (party === CLIENT
  ? devices.map((device) => ({ id: lifelineOfDevice(device.name), device, name: say('Device {name}', device), short: device.name, look: lookOf(CLIENT, device.name) }))
  : [{ id: party, name: relay(party), short: SHORT[party] ?? relay(party), look: lookOf(party) }]));

export const lookOf = (party, device) => (party === CLIENT ? `device-${'abcdef'[device.charCodeAt(0) - 65]}` : COLOURS[party]);

export const partyNamed = (party, device) => (party === CLIENT && device ? say('Device {name}', { name: device }) : relay(party));

export const legend = (party, device) => h('span', { class: `who ${lookOf(party, device ?? 'A')}` }, partyNamed(party, device));

// A device_id as it is shown in passing: its first eight digits, in the colour of its device.
export function hu(id, devices, words = '') {
  const owner = devices.find((device) => device.device_id === id);
  return h('span', { class: `hu ${owner ? lookOf(CLIENT, owner.name) : ''}` }, words && `${words} `, h('code', {}, id.slice(0, 8)));
}
