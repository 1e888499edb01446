// The language switch: the link says the language, and this browser remembers which one was chosen last.

import { isLive } from './api.js';
import { remember, remembered } from './kept.js';

const KEY = 'language';
const links = [...document.querySelectorAll('.languages a')];
const asked = new URLSearchParams(location.search).has('lang');
const chosen = links.find((link) => link.hreflang === remembered(KEY));
if (isLive && !asked && chosen && chosen.hreflang !== document.documentElement.lang) location.replace(chosen.href + location.hash);

for (const link of links) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    remember(KEY, link.hreflang);
    location.assign(link.getAttribute('href') + location.hash);
  });
}
