// Real playback: encrypted cbcs segments into the browser's own decoder, through MSE and EME. The CKC is opened by
// fairplay-eme.js, with the message keys of the emulated device; ClearKey, in place of the FairPlay CDM, decrypts.

import { bytes, get } from './api.js';

const KEY_SYSTEM = 'org.w3.clearkey';

// Plays `title` in `video`. `license` asks for the CKCs and resolves to {licenses} or to anything else: then the screen
// stays locked. Resolves, once the license is decided, to what `license` gave; `close` takes the keys away.
export async function play(video, title, license) {
  const tracks = await get(`api/titles/${title}`);
  const access = await askForDecoder(tracks);
  if (!access) return { ...(await license()), undecodable: true, close() {} };
  const mediaKeys = await access.createMediaKeys();
  await reset(video);
  await video.setMediaKeys(mediaKeys);
  const session = mediaKeys.createSession();
  const parts = tracks.flatMap((track) => track.parts);
  const decided = new Promise((resolve, reject) => {
    session.addEventListener('message', async () => {
      try {
        const answer = await license();
        if (answer.licenses) await session.update(await keySet(answer.licenses, parts));
        resolve(answer);
      } catch (error) {
        reject(error);
      }
    });
  });
  const kids = [...new Set(parts.map((part) => base64url(part.kid)))];
  await session.generateRequest('keyids', utf8(JSON.stringify({ kids })));
  feed(video, tracks).catch(() => {});
  const answer = await decided;
  if (answer.licenses) video.play().catch(() => {});
  return { ...answer, close: () => unbind(video, session) };
}

export async function reset(video) {
  video.pause();
  video.removeAttribute('src');
  video.load();
  await video.setMediaKeys?.(null).catch(() => {});
}

// A closed session forgets its keys; what is decoded already would play on, so jump to what is not.
async function unbind(video, session) {
  await session.close().catch(() => {});
  video.currentTime = 0;
}

// A page that is not secure (http, and not this machine) has no EME and no WebCrypto; one from disk may fetch no film.
async function askForDecoder(tracks) {
  const capability = (track) => ({ contentType: track.mime, encryptionScheme: 'cbcs' });
  const of = (kind) => tracks.filter((track) => track.mime.startsWith(kind)).map(capability);
  const configuration = { initDataTypes: ['keyids'], videoCapabilities: of('video'), audioCapabilities: of('audio') };
  try {
    if (location.protocol === 'file:' || !crypto.subtle) return null;
    if (!tracks.every((track) => MediaSource.isTypeSupported(track.mime))) return null;
    return await navigator.requestMediaKeySystemAccess(KEY_SYSTEM, [configuration]);
  } catch {
    return null;
  }
}

async function feed(video, tracks) {
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
  URL.revokeObjectURL(video.src);
  const buffers = tracks.map((track) => source.addSourceBuffer(track.mime));
  await Promise.all(tracks.map((track, number) => append(buffers[number], track)));
  if (source.readyState === 'open') source.endOfStream();
}

async function append(buffer, track) {
  // Each key period counts its time from zero: put one behind the other.
  if (track.parts.length > 1) buffer.mode = 'sequence';
  for (const file of track.parts.flatMap((part) => [part.init, ...part.segments])) {
    const data = await bytes(`media/${file}`);
    const done = new Promise((resolve, reject) => {
      buffer.addEventListener('updateend', resolve, { once: true });
      buffer.addEventListener('error', reject, { once: true });
    });
    buffer.appendBuffer(data);
    await done;
  }
}

async function keySet(licenses, parts) {
  const opened = await Promise.all(licenses.map(async ({ ckc, device_keys: keys, key }) => {
    const octets = Uint8Array.from(atob(ckc), (character) => character.charCodeAt(0));
    const { contentKey } = await globalThis.FairPlayEme.openCkc(octets, keys);
    const kids = new Set(parts.filter((part) => part.key === key).map((part) => part.kid));
    return [...kids].map((kid) => ({ kty: 'oct', kid: base64url(kid), k: base64url(contentKey) }));
  }));
  return utf8(JSON.stringify({ keys: opened.flat(), type: 'temporary' }));
}

const utf8 = (text) => new TextEncoder().encode(text);

function base64url(hex) {
  const text = hex.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16)));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
