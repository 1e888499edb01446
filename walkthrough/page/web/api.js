// The page's only way out: its own server, or, in the edition without one, what data.js recorded.

import { recorded } from './recorded.js';

export const isLive = !recorded;

export async function get(path) {
  return recorded ? recorded.get(path) : answered(await fetch(path));
}

export async function post(path, value = {}) {
  if (recorded) return recorded.post(path, value);
  const binary = value instanceof ArrayBuffer;
  const type = binary ? 'application/octet-stream' : 'application/json';
  const body = binary ? value : JSON.stringify(value);
  return answered(await fetch(path, { method: 'POST', headers: { 'Content-Type': type }, body }));
}

export async function bytes(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response.arrayBuffer();
}

// The browser itself reconnects a stream that broke off; its first event is always the whole state.
export function listen(on) {
  if (recorded) {
    recorded.listen(on);
    return;
  }
  const stream = new EventSource('api/events');
  stream.onmessage = (event) => on(JSON.parse(event.data));
  stream.onerror = () => on({ type: 'offline', full: stream.readyState === EventSource.CLOSED });
}

async function answered(response) {
  const value = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(value.errorText ?? `HTTP ${response.status}`);
  return value;
}
