// The language switch: the link says the language, and this browser remembers which one was chosen last.

const KEY = 'language';
const links = [...document.querySelectorAll('.languages a')];

// A browser that keeps nothing (private windows, blocked storage) has nothing to remember.
const attempt = (act) => {
  try {
    return act();
  } catch {
    return null;
  }
};

const remembered = attempt(() => localStorage.getItem(KEY));
const asked = new URLSearchParams(location.search).has('lang');
const here = document.documentElement.lang;
if (!asked && remembered !== here && links.some((link) => link.hreflang === remembered)) {
  location.replace(`?lang=${remembered}${location.hash}`);
}

for (const link of links) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    attempt(() => localStorage.setItem(KEY, link.hreflang));
    location.assign(link.search + location.hash);
  });
}
