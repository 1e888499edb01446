// The transaction log as a table that grows. The row by which SEES decided is marked.

import { $, h, replace } from './dom.js';
import { hu } from './parties.js';
import { registrations } from './rows.js';
import { say } from './words.js';

const COLUMNS = [say('event'), 'cookie', 'device_id', say('content'), say('result')];

// What a registration is to its cookie; of a play or a refusal nothing.
function roleOf(row, rows) {
  const registered = registrations(rows, row.cookie);
  if (!registered.includes(row)) return '';
  if (row.binds) return say('binds');
  return row === registered.at(-1) ? say('newest registration') : say('registration, superseded');
}

export function showLog({ rows, devices }) {
  if (!rows.length) {
    replace($('rows'), h('p', { class: 'empty' }, say('No redemption yet: play the dummy on a device.')));
    return;
  }
  replace($('rows'), h('table', {},
    h('thead', {}, h('tr', {}, COLUMNS.map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, rows.map((row) => line(row, roleOf(row, rows), devices)))));
  $('rows').scrollTop = $('rows').scrollHeight;
}

// A cell says its column too, for a log so narrow that a row is stacked lines.
const cell = (column, attributes, ...inside) => h('td', { ...attributes, data: { column: COLUMNS[column] } }, inside);

function line(row, role, devices) {
  const refused = row.cause ? say('refused {result}, cause {cause}', row) : say('refused {result}', row);
  const owner = devices.find((device) => device.device_id === row.device_id);
  return h('tr', { class: row.binds ? 'binds' : row.result ? 'refused' : '', data: { event: String(row.event_id) } },
    cell(0, { title: row.time }, row.event_id), cell(1, { title: row.cookie ?? '' }, (row.cookie ?? '–').replace(/^(.{16}).{3,}/, '$1…')),
    cell(2, {}, row.device_id ? hu(row.device_id, devices, owner && say('Device {name}', owner)) : '–'),
    cell(3, {}, h('code', {}, row.content_id ? `${row.content_id.slice(0, 8)}…` : '–')),
    cell(4, { class: 'result' }, row.result === 0 ? say('issued') : refused.replace(' -', '\u00a0-'), ' ',
      role && h('span', { class: `pill ${row.binds ? 'good' : ''}` }, role)));
}
