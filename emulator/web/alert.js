// One line for what went wrong with the page itself; what the services refuse is shown where it belongs.

import { $ } from './dom.js';

let timer;

export function complain(error) {
  $('alert').textContent = error.message ?? String(error);
  clearTimeout(timer);
  timer = setTimeout(() => { $('alert').textContent = ''; }, 8000);
}
