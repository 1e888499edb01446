// The run told in sentences, for who listens to the page: one at a time, refusals too, and no code.

import { $, h } from './dom.js';
import { relay, say } from './words.js';

const MAX_SENTENCES = 200;

export function tell(sentence) {
  const story = $('story');
  story.append(h('p', {}, sentence.replace(/…\.$/, '…')));
  while (story.children.length > MAX_SENTENCES) story.firstChild.remove();
}

export function tellStep(step) {
  const party = (name) => (name === 'Client' ? say('Device {name}', { name: step.device }) : relay(name));
  const values = { n: step.n, from: party(step.from), to: party(step.to), summary: relay(step.summary) };
  tell(step.from === step.to ? say('Step {n}, {from}: {summary}.', values) : say('Step {n}, {from} to {to}: {summary}.', values));
}
