// The words of the page, in its language. The code says them in English; any other language has a table of them.

import { get } from './api.js';
import { h } from './dom.js';

const language = document.documentElement.lang;
const { texts, filled } = language === 'en' ? { texts: {}, filled: {} } : await get(`api/words/${language}`);
const table = new Map(Object.entries(texts));
const shapes = Object.entries(filled).map(([text, words]) => [shapeOf(text), words]);

// A sentence of the page's own, its holes filled.
export const say = (text, values = {}) => fill(table.get(text) ?? text, values);

// A text that comes ready from the emulator: translated where the table has it, also where its holes are filled.
export const relay = (text) => translate(text) ?? text;

// The same, to be put into the page: what stays English is marked as English.
export const quote = (text) => (language === 'en' ? text : translate(text) ?? h('span', { lang: 'en' }, text));

function translate(text) {
  if (table.has(text)) return table.get(text);
  for (const [shape, words] of shapes) {
    const found = shape.exec(text);
    if (found) return fill(words, { ...found.groups, verdict: found.groups.verdict && relay(found.groups.verdict) });
  }
  return undefined;
}

function shapeOf(text) {
  return new RegExp(`^${literal(text).replace(/\\\{(\w+)\\\}/g, '(?<$1>.+)')}$`);
}

// A text as a regular expression that finds it.
export function literal(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
