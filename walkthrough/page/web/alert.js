// One line for what went wrong with the page itself; what the services refuse is shown where it belongs.

import { $, replace } from './dom.js';
import { quote } from './words.js';

let timer;

export function complain(error) {
  replace($('alert'), quote(error.message ?? String(error)));
  clearTimeout(timer);
  timer = setTimeout(() => { replace($('alert')); }, 8000);
}
