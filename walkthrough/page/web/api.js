// The page's only way out: its own server.

export async function get(path) {
  return answered(await fetch(path));
}

export async function post(path, value = {}) {
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
  const stream = new EventSource('/api/events');
  stream.onmessage = (event) => on(JSON.parse(event.data));
  stream.onerror = () => on({ type: 'offline' });
}

async function answered(response) {
  const value = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(value.errorText ?? `HTTP ${response.status}`);
  return value;
}
