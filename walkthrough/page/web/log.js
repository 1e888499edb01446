// The transaction log as a table that grows. The row that says which device a cookie has is marked.

import { $, h, replace } from './dom.js';
import { say } from './words.js';

const COLUMNS = [say('event'), say('time'), 'cookie', 'device_id', say('content'), say('result')];

export function showLog(rows) {
  if (!rows.length) {
    replace($('rows'), h('p', { class: 'empty' }, say('No redemption yet: play the dummy on a device.')));
    return;
  }
  replace($('rows'), h('table', {},
    h('thead', {}, h('tr', {}, COLUMNS.map((name) => h('th', { scope: 'col' }, name)),
      h('th', { scope: 'col' }, h('span', { class: 'unseen' }, say('role'))))),
    h('tbody', {}, rows.map(line))));
}

function line(row) {
  const refused = row.cause ? say('refused {result}, cause {cause}', row) : say('refused {result}', row);
  const role = row.binds ? say('binds') : row.registration ? say('registration, superseded') : '';
  return h('tr', { class: row.binds ? 'binds' : row.result ? 'refused' : '', data: { event: String(row.event_id) } },
    h('td', {}, row.event_id), h('td', {}, row.time.slice(11, 19)), h('td', {}, row.cookie ?? '–'),
    h('td', {}, h('code', {}, row.device_id ? `${row.device_id.slice(0, 12)}…` : '–')),
    h('td', {}, h('code', {}, row.content_id ? `${row.content_id.slice(0, 8)}…` : '–')),
    h('td', { class: 'result' }, row.result === 0 ? say('issued') : refused), h('td', {}, role && h('span', { class: `pill ${row.binds ? 'good' : ''}` }, role)));
}
