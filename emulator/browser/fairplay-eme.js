// FairPlay for browsers that have none: a virtual device as one script, without dependencies.
//
// It makes SPCs and opens CKCs of this simulation (bytes: docs/messages.md), from the same seed with the same device_id as
// the emulator in Python, with which it shares no code. Nothing of Apple's is in it, and every message has the mark SIM1.

'use strict';

{ // one scope: only FairPlayEme leaves it

// ---- bytes

const utf8 = (text) => new TextEncoder().encode(text);
const textOf = (bytes) => new TextDecoder().decode(bytes);
const latin = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const unbase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const equal = (one, other) => hex(one) === hex(other);
const number = (bytes, at) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);

function concat(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

function uint32(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

// The bytes of a buffer, of a view of one, or, by mistake, of text.
function toBytes(data) {
  if (typeof data === 'string') return utf8(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (/ (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(data))) return new Uint8Array(data); // any window's
  throw new TypeError(`expected an ArrayBuffer or a view of one, found ${data === null ? 'null' : typeof data}.`);
}

const random = (size) => crypto.getRandomValues(new Uint8Array(size));

// ---- errors

const LONGEST_TEXT = 500; // characters of what somebody else wrote, in a sentence
const brief = (text) => (String(text).length > LONGEST_TEXT ? `${String(text).slice(0, LONGEST_TEXT)}…` : String(text));

// A rule was broken. `number` and `check` are those of the tables in docs/messages.md; the message is one sentence.
class FairPlayError extends Error {
  constructor(number, check, title, expected, found, fix) {
    super(`${number} ${title}: expected ${expected}, found ${brief(found)}. Likely fix: ${brief(fix)}.`);
    Object.assign(this, { name: 'FairPlayError', number, check });
  }
}

const REPAIR = 'repair the key server';
const notCkc = (expected, found, fix) => new FairPlayError(-42585, 3, 'CKC frame', expected, found, fix);
const wrongCkc = (found) => new FairPlayError(-42589, 12, 'CKC for this SPC', 'the CKC that answers this SPC', found,
  'give each CKC to the session whose SPC it answers');

// What pages hand over in place of octets, by how it starts; the last of them that fits is meant.
const WRAPPINGS = [
  [/^-----BEGIN/, 'PEM text', 'decode the Base64 between BEGIN and END'],
  [/^(AAAA|MII)/, 'Base64 text', 'decode the Base64'],
  [/^</, 'HTML or XML', 'look at the address: this is a web page'],
  [/^<ckc>/, '<ckc> text', 'decode the Base64 between the tags'],
  [/^[{[]/, 'JSON', 'decode the Base64 of its member'],
  [/^$/, 'no bytes', 'look at the status of the answer'],
];

// Says what `bytes` are in place of what was wanted: [found, fix].
function recognise(bytes, fix) {
  const start = latin(bytes.subarray(0, 32)).trimStart();
  const known = WRAPPINGS.findLast(([form]) => form.test(start));
  return known ? known.slice(1) : [`${bytes.length} bytes that are none`, fix];
}

// ---- ciphers

const ZERO_BLOCK = new Uint8Array(16);
const digest = async (hash, data) => toBytes(await crypto.subtle.digest(hash, data));

async function cbc(way, key, iv, data) {
  const aes = await crypto.subtle.importKey('raw', key, 'AES-CBC', false, [way]);
  return toBytes(await crypto.subtle[way]({ name: 'AES-CBC', iv }, aes, data));
}

// AES-128-CBC without padding, which WebCrypto always adds: encryption cuts it off, decryption gets a block of it.
async function cbcEncrypt(key, iv, data) {
  return (await cbc('encrypt', key, iv, data)).subarray(0, data.length);
}

async function cbcDecrypt(key, iv, data) {
  const padding = await cbc('encrypt', key, data.slice(-16), new Uint8Array(0));
  return cbc('decrypt', key, iv, concat(data, padding));
}

// One block of AES-128-ECB is one block of CBC with an IV of zeros.
const encryptBlock = (key, block) => cbcEncrypt(key, ZERO_BLOCK, block);
const decryptBlock = (key, block) => cbcDecrypt(key, ZERO_BLOCK, block);

// ---- D-SIM and SK..R1

// D-SIM v1, in place of Apple's D function: HKDF-SHA-256 with the ASk (16 bytes) as key and R2 (21) in the info.
async function derive(ask, label, r2, size) {
  const key = await crypto.subtle.importKey('raw', ask, 'HKDF', false, ['deriveBits']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: utf8('sees-sim/d-substitute/v1'), info: concat(utf8(label), r2) };
  return toBytes(await crypto.subtle.deriveBits(how, key, size * 8));
}

async function integrityOf(macKey, data) {
  const key = await crypto.subtle.importKey('raw', macKey, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return toBytes(await crypto.subtle.sign('HMAC', key, data)).subarray(0, 16);
}

// HU: 20 bytes that only the seed decides. In hex it is the device_id.
async function deviceId(seed) {
  return hex((await digest('SHA-256', utf8(`sees-sim/hu/v1${seed}`))).subarray(0, 20));
}

const ckcKeyOf = async (r1, seed) => encryptBlock((await digest('SHA-1', r1)).slice(0, 16), seed);

// ---- TLLV

// A block: tag (8 bytes), block length, value length, value, padding. The block length counts value and padding, and is a
// multiple of 16. At least one byte of padding is written, up to the boundary, and 0 to 7 units of 16 bytes more.
function writeBlocks(values, random) {
  const blocks = Object.entries(values).map(([tag, value]) => {
    const padding = 16 - (value.length % 16) + 16 * (random(1)[0] % 8);
    return concat(unhex(tag), uint32(value.length + padding), uint32(value.length), value, random(padding));
  });
  return concat(...blocks);
}

// Returns tag (hex) → value, or null where the bytes are no blocks, or a tag is there twice.
function readBlocks(payload) {
  const values = new Map();
  for (let at = 0; at < payload.length; ) {
    if (payload.length - at < 16) return null;
    const [tag, size, length] = [hex(payload.subarray(at, at + 8)), number(payload, at + 8), number(payload, at + 12)];
    if (size % 16 || length > size || at + 16 + size > payload.length || values.has(tag)) return null;
    values.set(tag, payload.slice(at + 16, at + 16 + length));
    at += 16 + size;
  }
  return values;
}

const SKR1 = '3d1a10b8bffac2ec';
const INTEGRITY = 'b349d4809e910687';
const ANTI_REPLAY = '89c90f12204106b2';
const R2 = '71b5595ac1521133';
const RETURN_REQUEST = '19f9d4e5ab7609cb';
const ASSET_ID = '1bf7f53f5d5d5a1f';
const TRANSACTION_ID = '47aa7ad3440577de';
const SUPPORTED = '67b8fb79ecce1a13';
const USED = '5d81bcbcc7f61703';
const PLAYBACK = 'eb8efdf2b25ab3a0';
const CAPABILITIES = '9c02af3253c07fb2';
const ENCRYPTED_KEY = '58b38165af0e3d5a';
const R1 = 'ea74c4645d5efee9';
const DURATION = '47acf6a418cd091a';
const HDCP = '2e52f1530d8ddb4a';
const OFFLINE_KEY = '6375d9727060218c';

// The tags of a CKC: name, legal sizes of the value, whether each CKC has it.
const CKC_TAGS = {
  [ENCRYPTED_KEY]: ['encrypted content key', [32], true],
  [R1]: ['R1', [44], true],
  [DURATION]: ['content key duration', [16], false],
  [HDCP]: ['HDCP enforcement', [16], false],
  [OFFLINE_KEY]: ['offline key', [32, 48], false], // a device without the capability, as this one, never gets one
};
const KEY_TYPES = {
  '1a4bde7e': 'lease',
  '3dfe45a0': 'rental',
  '27b59bde': 'lease and rental',
  '3df2d9fb': 'persistent',
  '18f06048': 'persistent, limited by the rental',
};
const HDCP_LEVELS = { ef72894ca7895b78: 'none', '40791ac78bd5c571': 'type 0', '285a0863bba8e1d3': 'type 1' };
const NO_LEASE = 0xffffffff;

// What the player is doing when it asks.
const STATES = { ready: 'f4dee5a2', playing: 'a5d6739e', 'lease ending': '4f834330' };

// ---- certificate

// How the public key in a certificate begins (SubjectPublicKeyInfo, exponent 65537), its size in bytes, and what the size of
// the RSA key decides: SPC version and the hash of OAEP.
const PUBLIC_KEYS = [
  ['30820122300d06092a864886f70d010101', 294, 2, 'SHA-256'], // RSA-2048
  ['30819f300d06092a864886f70d010101', 162, 1, 'SHA-1'], // RSA-1024
];

// Returns what an SPC needs of an application certificate in DER form: its hash, RSA key and SPC version.
async function readCertificate(der) {
  const bad = ([found, fix]) =>
    new TypeError(`certificate: expected an X.509 certificate in DER form, found ${found}. Likely fix: ${fix}.`);
  if (der[0] !== 0x30 || der[1] !== 0x82 || der[2] * 256 + der[3] + 4 !== der.length) {
    throw bad(recognise(der, 'pass the file fairplay.cer, whole'));
  }
  const digits = hex(der);
  const row = PUBLIC_KEYS.find(([start]) => digits.includes(start));
  if (!row) throw bad(['one without an RSA-1024 or RSA-2048 key', 'fetch the certificate of the key server']);
  const [start, size, version, oaep] = row;
  const spki = der.slice(digits.indexOf(start) / 2).slice(0, size);
  const how = { name: 'RSA-OAEP', hash: oaep };
  const key = await crypto.subtle.importKey('spki', spki, how, false, ['encrypt']).catch(() => {
    throw bad(['a damaged one', 'fetch it anew']);
  });
  return { version, key, hash: await digest('SHA-1', der) };
}

// ---- SPC

// Makes an SPC: {spc, keys}. `keys` are its message keys for openCkc, in hex, as a recording's device_keys has them, and the
// tags to be returned. `certificate` is DER, `ask` 16 bytes, `assetId` 2 to 200 bytes, `now` Unix seconds by the device's
// clock; `session`, 8 bytes, names a playback.
async function makeSpc({ certificate, ask, seed, assetId, now, state = 'ready', session = random(8), source = random }) {
  if (assetId.length < 2 || assetId.length > 200) {
    throw new RangeError(`asset ID: expected 2 to 200 bytes, found ${assetId.length}.`);
  }
  const { version, key, hash } = await readCertificate(certificate);
  const r2 = source(21);
  const [sk, r1, sealIv] = [source(16), source(44), source(16)];
  const [dask, macKey] = [await derive(ask, 'dask', r2, 16), await derive(ask, 'skr1-integrity', r2, 32)];
  const identity = concat(sk, unhex(await deviceId(seed)), r1);
  const integrity = await integrityOf(macKey, identity);
  const sealed = concat(sealIv, await cbcEncrypt(dask, sealIv, concat(identity, integrity)));
  const [antiReplaySeed, transactionId] = [source(16), source(8)];
  const values = {
    [SKR1]: sealed,
    [INTEGRITY]: integrity,
    [ANTI_REPLAY]: antiReplaySeed,
    [R2]: r2,
    [RETURN_REQUEST]: unhex(ASSET_ID + TRANSACTION_ID),
    [ASSET_ID]: assetId,
    [TRANSACTION_ID]: transactionId,
    [SUPPORTED]: uint32(1),
    [USED]: uint32(1),
    [PLAYBACK]: concat(uint32(now), unhex(STATES[state]), session),
    [CAPABILITIES]: concat(new Uint8Array(15), Uint8Array.of(1)), // bit 0: HDCP type 1
  };
  const [spcKey, iv] = [source(16), source(16)];
  const payload = await cbcEncrypt(spcKey, iv, writeBlocks(values, source));
  const wrapped = toBytes(await crypto.subtle.encrypt('RSA-OAEP', key, spcKey));
  const spc = concat(uint32(version), utf8('SIM1'), iv, wrapped, hash, uint32(payload.length), payload);
  const secret = { spc_key: spcKey, dask, mac_key: macKey, sk, r1, r2, anti_replay_seed: antiReplaySeed };
  const keys = { returned: { [ASSET_ID]: hex(assetId), [TRANSACTION_ID]: hex(transactionId) } };
  keys.ckc_key = hex(await ckcKeyOf(r1, antiReplaySeed));
  for (const [name, value] of Object.entries(secret)) keys[name] = hex(value);
  return { spc, keys };
}

// ---- CKC

const LARGEST_ANSWER = 2 ** 22; // bytes of what answers an SPC, as in emulator/transport.py

// Opens a CKC (bytes) with the message keys of its SPC in hex, from makeSpc or a recording's device_keys. Resolves to
// {contentKey, iv, duration, hdcp, offlineKey}, bytes in hex; `duration` is null or {lease, rental, keyType}, in seconds. Throws
// FairPlayError for any bytes that are no answer.
async function openCkc(ckc, { sk, r1, anti_replay_seed: antiReplaySeed, returned = {} }) {
  const bytes = toBytes(ckc);
  const payload = bytes.subarray(28);
  if (bytes.length > LARGEST_ANSWER) {
    throw notCkc(`a CKC of at most ${LARGEST_ANSWER} bytes`, bytes.length, 'pass on the answer of the token URL');
  }
  if (bytes.length < 28 || number(bytes, 0) !== 1) {
    throw notCkc('the octets of a CKC', ...recognise(bytes, 'pass on the answer of the token URL'));
  }
  if (hex(bytes.subarray(4, 8)) !== hex(utf8('SIM1'))) {
    throw notCkc('the mark SIM1', hex(bytes.subarray(4, 8)), 'ask the mock: real CKCs open nothing here');
  }
  if (!payload.length || payload.length % 16 || number(bytes, 24) !== payload.length) {
    throw notCkc(`a payload length that fits ${bytes.length} bytes`, number(bytes, 24), 'pass the CKC on whole');
  }
  const key = await ckcKeyOf(unhex(r1), unhex(antiReplaySeed));
  const values = readBlocks(await cbcDecrypt(key, bytes.slice(8, 24), payload));
  if (!values) throw wrongCkc('one that decrypts to nothing sensible');
  checkSizes(values);
  if (hex(values.get(R1)) !== r1) throw wrongCkc('another R1');
  for (const [tag, value] of Object.entries(returned)) {
    if (hex(values.get(tag) ?? []) !== value) {
      throw new FairPlayError(-42583, 10, 'returned tag', `tag ${tag} as it was sent`, 'another value or none', REPAIR);
    }
  }
  const encryptedKey = values.get(ENCRYPTED_KEY);
  return {
    contentKey: hex(await decryptBlock(unhex(sk), encryptedKey.slice(16))),
    iv: hex(encryptedKey.subarray(0, 16)),
    duration: readDuration(values.get(DURATION)),
    hdcp: readName(HDCP_LEVELS, values.get(HDCP)?.subarray(0, 8), 'HDCP level'),
    offlineKey: readOfflineKey(values.get(OFFLINE_KEY)),
  };
}

function checkSizes(values) {
  const tags = Object.entries(CKC_TAGS);
  for (const [tag, [name, sizes]] of tags) {
    const found = values.get(tag)?.length ?? sizes[0];
    if (!sizes.includes(found)) throw new FairPlayError(-42581, 8, 'value size', `${sizes} bytes in ${name}`, found, REPAIR);
  }
  const missing = tags.find(([tag, [, , required]]) => required && !values.has(tag));
  if (missing) throw new FairPlayError(-42583, 9, 'required tag', missing[1][0], 'none', REPAIR);
}

function readDuration(value) {
  if (!value) return null;
  return { lease: number(value, 0), rental: number(value, 4), keyType: readName(KEY_TYPES, value.subarray(8, 12), 'key type') };
}

function readOfflineKey(value) {
  if (!value) return null;
  const [version, expected] = [number(value, 0), value.length === 48 ? 2 : 1];
  if (version !== expected) throw notCkc(`version ${expected} of the offline key`, version, REPAIR);
  const titleId = hex(value.subarray(32)) || '0'.repeat(32);
  return { contentId: hex(value.subarray(8, 24)), storage: number(value, 24), playback: number(value, 28), titleId };
}

function readName(names, code, what) {
  if (!code) return null;
  if (!names[hex(code)]) throw notCkc(`a known ${what}`, hex(code), REPAIR);
  return names[hex(code)];
}

// ---- what happened

// An entry for each certificate, encrypted, spc, ckc, key, renewal, expired and warning; each is also an event
// `fairplay-eme` of the window, with the entry as its `detail`. No entry holds a key.
const events = [];

function note(type, details) {
  const entry = { type, time: Date.now(), ...details };
  events.push(entry);
  if (type === 'warning') console.warn(`FairPlayEme: ${entry.text}`);
  dispatchEvent(new CustomEvent('fairplay-eme', { detail: entry }));
}

// Notes what an exception says before a page gets it, since players often swallow its sentence. The browser's own may be long.
const noted = (error) => (note('warning', { text: String(error.message).slice(0, 4 * LONGEST_TEXT) }), error);
const refusal = (name, text) => noted(new DOMException(text, name));

const noting = (promise) => promise.catch((error) => { throw noted(error); });

function fire(target, event, more = {}) {
  Object.assign(event, more);
  target.dispatchEvent(event);
  const handler = `on${event.type}`;
  if (Object.hasOwn(target, handler)) target[handler]?.(event); // others are the browser's, which has called it
}

// ---- MP4

// Where the boxes inside a box begin, in bytes from its contents.
const DEEPEST = 10; // boxes in boxes that are looked into; a sinf box of an init segment is in seven
const MOST_TRACKS = 64; // of an init segment
const CONTAINERS = { moov: 0, trak: 0, mdia: 0, minf: 0, stbl: 0, stsd: 8, encv: 78, enca: 28, schi: 0 };

// The contents of all boxes of a type.
function* findBoxes(bytes, type, deeper = DEEPEST, at = 0, end = bytes.length) {
  while (at + 8 <= end) {
    const size = number(bytes, at) || end - at;
    if (size < 8 || at + size > end) return;
    const found = latin(bytes.subarray(at + 4, at + 8));
    if (found === type) yield bytes.slice(at + 8, at + size);
    else if (deeper && found in CONTAINERS) {
      yield* findBoxes(bytes, type, deeper - 1, at + 8 + CONTAINERS[found], at + size);
    }
    at += size;
  }
}

// Key id and constant IV, in hex, from the contents of a sinf box; undefined where it has no such `tenc` box.
function readSinf(sinf) {
  const [tenc] = findBoxes(sinf, 'tenc');
  if (!tenc || tenc.length < 24) return {};
  const iv = tenc[7] ? [] : tenc.subarray(25, 25 + tenc[24]); // constant only where samples have none of their own
  return { kid: hex(tenc.subarray(8, 24)), iv: hex(iv).padEnd(32, '0') };
}

// The encrypted tracks of an init segment.
function readTracks(bytes) {
  const tracks = Array.from(findBoxes(bytes, 'sinf'), (sinf) => ({ sinf, ...readSinf(sinf) }));
  return tracks.filter(({ kid }) => kid).slice(0, MOST_TRACKS);
}

// ---- the element and its decoder

const CODECS = ['video/mp4; codecs="avc1.42E01E"', 'audio/mp4; codecs="mp4a.40.2"']; // ClearKey wants some
const MOST_KEY_IDS = 1024; // of an element; older ones are forgotten
const native = {}; // the browser's own functions, before install put others in their places
const screens = new WeakMap();
const base64url = (digits) => btoa(latin(unhex(digits))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

// A media element: its tracks, its FairPlay keys, and the browser's ClearKey module, which decodes and is set once.
class Screen {
  tracks = new Map(); // key id → constant IV
  announced = new Set(); // the init data of `encrypted` events so far
  keyed = new Map(); // key URI → resolved when its license is there
  keys = null;

  constructor(element) {
    this.element = element;
    element.addEventListener('emptied', () => [this.tracks, this.announced, this.keyed].forEach((all) => all.clear()));
    element.addEventListener('waitingforkey', () => this.keys?.explainWaiting());
    // Chromium speaks up for PSSH boxes, which Safari does not read.
    element.addEventListener('encrypted', (event) => event.isTrusted && event.stopImmediatePropagation(), true);
  }

  async attach(keys) {
    const former = this.keys;
    this.keys = keys;
    if (former !== keys) await former?.leave();
    if (!keys) return;
    keys.screen = this;
    this.cdm ??= this.#openDecoder();
    await this.cdm;
    await keys.deliver();
  }

  async #openDecoder() {
    const [videoCapabilities, audioCapabilities] = CODECS.map((contentType) => [{ contentType, encryptionScheme: 'cbcs' }]);
    const wish = { initDataTypes: ['keyids'], videoCapabilities, audioCapabilities };
    const access = await native.requestMediaKeySystemAccess.call(navigator, 'org.w3.clearkey', [wish]);
    const cdm = await access.createMediaKeys();
    await native.setMediaKeys.call(this.element, cdm);
    return cdm;
  }

  // Gives the decoder one key for these key ids; returns the session that holds it.
  async unlock(kids, key) {
    const session = (await this.cdm).createSession();
    await session.generateRequest('keyids', utf8(JSON.stringify({ kids: kids.map(base64url) })));
    const keys = kids.map((kid) => ({ kty: 'oct', kid: base64url(kid), k: base64url(key) }));
    await session.update(utf8(JSON.stringify({ keys, type: 'temporary' })));
    return session;
  }

  // An init segment went in. Where a page feeds it (MSE), Safari announces each with the contents of its sinf box.
  async meet(tracks, announce) {
    for (const { kid, iv, sinf } of tracks) {
      this.tracks.delete(kid);
      this.tracks.set(kid, iv);
      const initData = JSON.stringify({ sinf: [btoa(latin(sinf))] });
      if (announce) this.announce('sinf', utf8(initData), { kid });
    }
    [...this.tracks.keys()].slice(0, -MOST_KEY_IDS).forEach((kid) => this.tracks.delete(kid));
    await this.keys?.deliver();
  }

  announce(initDataType, initData, details) {
    const once = hex(initData);
    if (this.announced.has(once)) return;
    this.announced.add(once);
    note('encrypted', { initDataType, ...details });
    fire(this.element, new MediaEncryptedEvent('encrypted', { initDataType, initData: initData.buffer }));
  }

  // Asks the page for the key of this URI, as Safari's own HLS player does; resolves when its license is there. One after
  // the other: videojs-contrib-eme handles only the last of two `webkitneedkey` at once.
  needKey(uri) {
    if (!this.keyed.has(uri)) {
      const former = [...this.keyed.values()].at(-1);
      this.keyed.set(uri, Promise.withResolvers());
      Promise.resolve(former?.promise).then(() => {
        if (settings.legacy) fire(this.element, new Event('webkitneedkey'), { initData: sizedUtf16(uri) });
        this.announce('skd', utf8(uri), { uri });
      });
    }
    return this.keyed.get(uri).promise;
  }
}

// A key URI as WebKit's older interface has it: size, little-endian, and UTF-16.
function sizedUtf16(text) {
  const letters = Uint16Array.from(text, (letter) => letter.charCodeAt(0));
  return concat(toBytes(Uint32Array.of(letters.byteLength)), toBytes(letters));
}

function screenOf(element) {
  return screens.get(element) ?? screens.set(element, new Screen(element)).get(element);
}

// ---- key requests

let settings = null; // what install was given
const LONGEST_TIMER = 2 ** 31 - 1;
const LONGEST_URI = 8192; // characters of a key URI that are looked at, as in emulator/key_uri.py

// What MediaKeys of either interface stand on: the requests made with them, and the element they are set on.
class KeyRing {
  requests = new Set();
  screen = null;

  async deliver() {
    for (const request of this.requests) await request.deliver(this.screen);
  }

  async leave() {
    this.screen = null;
    for (const request of this.requests) await request.deliver(null);
  }

  explainWaiting() {
    const idle = [...this.requests].find((request) => request.license && !request.kids.length);
    if (!idle) return;
    note('warning', { text: `CKC: expected the IV of a track (${[...this.screen.tracks.values()]}), found ${idle.license.iv}. ` +
      'Likely fix: ask for the license of this track, or package with the IV of the license service.' });
  }
}

// One key request of the device: its SPCs, its license, and how long that lasts by the page's clock. Key statuses call it
// `keyId` (bytes); `kid` (hex) is null where the init data names none. `changed` is told each new status.
class KeyRequest {
  license = null;
  end = Infinity; // milliseconds
  kids = [];
  #playback = random(8);
  #pending = null;
  #session = null; // the decoder's
  #held = '';
  #turn = Promise.resolve();
  #timer = 0;

  constructor(ring, { certificate, assetId, keyId, kid = null, uri = '', changed }) {
    Object.assign(this, { ring, certificate, assetId, keyId, kid, uri, changed });
    this.name = hex(random(8));
    ring.requests.add(this);
  }

  async ask(state) {
    const { ask } = await settings.provisioning;
    const { certificate, assetId, name: session } = this;
    const seed = settings.device;
    const now = Math.floor(Date.now() / 1000);
    const { spc, keys } = await makeSpc({ certificate, ask, seed, assetId, now, state, session: this.#playback });
    this.#pending = { keys, now };
    note('spc', { session, deviceId: await deviceId(seed), assetId: this.kid ?? textOf(assetId), state, size: spc.length });
    return spc;
  }

  // Takes what a page passes to update(). Resolves to a new SPC for "renew", else to null.
  async answer(response) {
    if (!this.#pending) throw new DOMException('update: expected an SPC before it, found none.', 'InvalidStateError');
    const session = this.name;
    const bytes = toBytes(response);
    const word = bytes.length < 16 ? textOf(bytes) : '';
    if (word === 'renew') {
      note('renewal', { session });
      const late = this.end - Date.now() < this.license?.duration?.lease * 100; // the last tenth
      return this.ask(late ? 'lease ending' : 'playing');
    }
    note('ckc', { session, size: bytes.length });
    explainRefusal(bytes);
    this.license = await openCkc(bytes, this.#pending.keys);
    this.downloaded ??= Date.now();
    const { iv, duration, hdcp } = this.license;
    this.end = this.#endOf(duration ?? {});
    note('key', { session, iv, duration, hdcp, end: this.end });
    await this.deliver(this.ring.screen);
    this.#watch();
    return null;
  }

  // The lease counts from the SPC, the rental from the first CKC.
  #endOf({ keyType = '', lease, rental }) {
    const leaseEnd = keyType.startsWith('lease') && lease !== NO_LEASE ? (this.#pending.now + lease) * 1000 : Infinity;
    return Math.min(leaseEnd, keyType.includes('rental') && rental ? this.downloaded + rental * 1000 : Infinity);
  }

  get status() {
    return Date.now() < this.end ? 'usable' : 'expired';
  }

  // Looks at the clock, now and again at the end.
  #watch() {
    clearTimeout(this.#timer);
    if (this.status === 'expired') {
      note('expired', { session: this.name });
      this.deliver(null);
    } else if (this.end < Infinity) {
      this.#timer = setTimeout(() => this.#watch(), Math.min(this.end - Date.now(), LONGEST_TIMER));
    }
    this.changed(this.status);
  }

  // A CKC names no key id. With `sinf` the init data did; with `skd` it is that in the key URI, or those of the tracks that
  // have the CKC's IV.
  #findKids(tracks) {
    if (this.kid) return [this.kid];
    const named = this.uri.slice(0, LONGEST_URI).toLowerCase().replaceAll('-', '');
    const kids = [...tracks.keys()];
    const found = kids.filter((kid) => named.includes(kid));
    return found.length ? found : kids.filter((kid) => tracks.get(kid) === this.license.iv);
  }

  // Gives the decoder of `screen` the key, or takes it away where there is none to give; one call after the other.
  deliver(screen) {
    return (this.#turn = this.#turn.catch(() => {}).then(async () => {
      const usable = screen?.cdm && this.license && this.status === 'usable';
      if (usable) screen.keyed.get(this.uri)?.resolve();
      this.kids = usable ? this.#findKids(screen.tracks) : [];
      const held = String([this.license?.contentKey, ...this.kids]);
      if (held === this.#held) return;
      const former = this.#session;
      this.#held = held;
      this.#session = this.kids.length ? await screen.unlock(this.kids, this.license.contentKey) : null;
      await former?.close();
    }));
  }

  async close() {
    clearTimeout(this.#timer);
    this.ring.requests.delete(this);
    await this.deliver(null);
  }
}

// Throws where a page passes on a refusal of ExpressPlay in place of a CKC.
function explainRefusal(bytes) {
  if (bytes[0] !== 0x7b || bytes.length > LARGEST_ANSWER) return;
  const { errorCode, errorMessage, hint, cause } = readRefusal(bytes);
  if (!Number.isInteger(errorCode) || typeof errorMessage !== 'string') return;
  const because = Number.isInteger(cause) ? `, cause ${cause}` : '';
  const found = `ExpressPlay's refusal ${errorCode} ${brief(errorMessage)}${because}`;
  throw notCkc('the octets of a CKC', found, typeof hint === 'string' ? hint : 'look at the page of the mock');
}

function readRefusal(bytes) {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    throw notCkc('the octets of a CKC', 'damaged JSON', 'pass on the answer of the token URL, whole');
  }
}

// ---- Encrypted Media Extensions

const KEY_SYSTEM = /^com\.apple\.fps(\.[123]_0)?$/;
const INIT_DATA_TYPES = ['cenc', 'sinf', 'skd']; // as in Safari; a request with cenc is refused all the same

// Key id → status. A key id is looked up by its bytes, in a buffer or a view.
class KeyStatuses extends Map {
  get(keyId) {
    return [...this].find(([known]) => equal(toBytes(known), toBytes(keyId)))?.[1];
  }

  has(keyId) {
    return this.get(keyId) !== undefined;
  }
}

class FairPlaySession extends EventTarget {
  sessionId = '';
  expiration = NaN;
  keyStatuses = new KeyStatuses();
  #keys;
  #request = null;
  #ended;

  constructor(keys) {
    super();
    this.#keys = keys;
    this.closed = new Promise((resolve) => (this.#ended = resolve));
  }

  async generateRequest(initDataType, initData) {
    if (this.#request) throw refusal('InvalidStateError', 'generateRequest: expected one call, found a second.');
    const named = this.#readInitData(initDataType, toBytes(initData));
    if (!this.#keys.certificate) {
      throw refusal('InvalidStateError', 'generateRequest: expected a certificate, found none. Likely fix: call ' +
        'setServerCertificate with it (DER) first.');
    }
    const changed = (status) => this.#show(status);
    this.#request = new KeyRequest(this.#keys, { certificate: await this.#keys.certificate, changed, ...named });
    this.sessionId = this.#request.name;
    this.#send('license-request', await noting(this.#request.ask('ready')));
  }

  #readInitData(type, initData) {
    if (type === 'skd') return { uri: textOf(initData), keyId: initData.slice(), assetId: assetIdOf(textOf(initData)) };
    if (type !== 'sinf') {
      throw refusal('NotSupportedError', `generateRequest: expected sinf or skd, found ${type}. Likely fix: pass on type and ` +
        'initData of the encrypted event; FairPlay reads no PSSH box.');
    }
    try {
      const { kid } = readSinf(unbase64(String(JSON.parse(textOf(initData)).sinf)));
      return { kid, keyId: unhex(kid), assetId: unhex(kid) };
    } catch {
      throw noted(new TypeError('generateRequest: expected {"sinf": ["<Base64>"]}, found something else.'));
    }
  }

  async update(response) {
    if (!this.#request) throw refusal('InvalidStateError', 'update: expected a request before it, found none.');
    const spc = await noting(this.#request.answer(response));
    if (spc) this.#send('license-renewal', spc);
  }

  async close() {
    await this.#release(null);
    this.#ended('closed-by-application');
  }

  async remove() {
    await this.#release('released');
  }

  async #release(status) {
    if (!this.#request) return;
    await this.#request.close();
    this.#show(status);
  }

  // The message follows the promise of the call that caused it.
  #send(messageType, spc) {
    const message = spc.slice().buffer;
    queueMicrotask(() => fire(this, new MediaKeyMessageEvent('message', { messageType, message })));
  }

  #show(status) {
    const { end, keyId } = this.#request;
    this.expiration = end < Infinity ? end : NaN;
    this.keyStatuses.clear();
    if (status) this.keyStatuses.set(keyId.slice().buffer, status);
    fire(this, new Event('keystatuseschange'));
  }
}

// Safari puts the key URI into the SPC as it is; a URI with a token in it would be too long (2 to 200 bytes).
function assetIdOf(uri) {
  const bytes = utf8(uri);
  return bytes.length > 200 ? utf8(uri.split('?')[0]).slice(0, 200) : bytes;
}

class FairPlayKeys extends KeyRing {
  certificate = null; // a promise of the octets, once the page has set it

  createSession(type = 'temporary') {
    if (type === 'temporary') return new FairPlaySession(this);
    throw refusal('NotSupportedError', `createSession: expected temporary, found ${type}.`);
  }

  async setServerCertificate(data) {
    this.certificate = noting(useCertificate(data));
    await this.certificate;
    return true;
  }
}

// Checks the certificate that a page brings; resolves to its octets.
async function useCertificate(data) {
  const der = toBytes(data).slice();
  const { version, hash } = await readCertificate(der);
  note('certificate', { size: der.length, hash: hex(hash), version });
  return der;
}

// The first of these configurations that FairPlay can serve, as getConfiguration() gives it; null for none.
function chooseConfiguration(wishes) {
  for (const wish of wishes) {
    const { initDataTypes = [], videoCapabilities = [], audioCapabilities = [], sessionTypes = [] } = wish;
    const asked = { initDataTypes, videoCapabilities, audioCapabilities };
    const kept = {
      initDataTypes: initDataTypes.filter((type) => INIT_DATA_TYPES.includes(type)),
      videoCapabilities: videoCapabilities.filter(canDecode),
      audioCapabilities: audioCapabilities.filter(canDecode),
    };
    const starved = Object.keys(kept).some((name) => asked[name].length && !kept[name].length);
    const persistent = wish.persistentState === 'required' || sessionTypes.some((type) => type !== 'temporary');
    if (starved || persistent || !(videoCapabilities.length + audioCapabilities.length)) continue;
    const state = { distinctiveIdentifier: 'not-allowed', persistentState: 'not-allowed', sessionTypes: ['temporary'] };
    return { label: wish.label ?? '', ...kept, ...state };
  }
  return null;
}

function canDecode({ contentType, encryptionScheme, robustness }) {
  if (robustness || ![undefined, null, '', 'cbcs', 'cbcs-1-9'].includes(encryptionScheme)) return false;
  return document.createElement('video').canPlayType(contentType) !== '';
}

// Puts `replace(original)` in the place of a method, or of a getter or setter.
function wrap(prototype, name, replace, part = 'value') {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  native[name] = descriptor[part];
  Object.defineProperty(prototype, name, { ...descriptor, [part]: replace(descriptor[part]) });
}

function installKeySystem() {
  wrap(Navigator.prototype, 'requestMediaKeySystemAccess', (original) => async function (keySystem, configurations) {
    if (!KEY_SYSTEM.test(keySystem)) {
      if (!settings.only) return original.call(this, keySystem, configurations);
      throw new DOMException(`${keySystem}: refused by FairPlayEme's option only`, 'NotSupportedError');
    }
    const configuration = chooseConfiguration(configurations);
    if (configuration) {
      return { keySystem, getConfiguration: () => configuration, createMediaKeys: async () => new FairPlayKeys() };
    }
    throw refusal('NotSupportedError', `${keySystem}: expected sinf or skd, and content that this browser plays by cbcs, found ` +
      JSON.stringify(configurations));
  });
  wrap(MediaCapabilities.prototype, 'decodingInfo', (original) => async function (asked) {
    const { keySystemConfiguration: wish, ...clear } = asked;
    if (!wish) return original.call(this, asked);
    const configuration = { ...wish, initDataTypes: wish.initDataType ? [wish.initDataType] : [] };
    for (const kind of ['video', 'audio'].filter((kind) => clear[kind])) {
      configuration[`${kind}Capabilities`] = [{ contentType: clear[kind].contentType, ...wish[kind] }];
    }
    const keySystemAccess = await navigator.requestMediaKeySystemAccess(wish.keySystem, [configuration]).catch(() => null);
    const found = await original.call(this, clear);
    return { ...found, supported: found.supported && !!keySystemAccess, keySystemAccess };
  });
  wrap(HTMLMediaElement.prototype, 'setMediaKeys', (original) => async function (keys) {
    if (keys === null || keys instanceof FairPlayKeys) return screenOf(this).attach(keys);
    return original.call(this, keys);
  });
  wrap(HTMLMediaElement.prototype, 'mediaKeys', (original) => function () {
    return screenOf(this).keys ?? original.call(this);
  }, 'get');
}

// ---- the older interface: WebKitMediaKeys

class WebKitSession extends EventTarget {
  error = null;
  #request;

  constructor(keys, initData) {
    super();
    this.#run(async () => {
      const { uri, contentId, certificate } = readParts(toBytes(initData));
      const named = { uri, keyId: utf8(uri), assetId: assetIdOf(contentId), changed() {} };
      this.#request = new KeyRequest(keys, { certificate: await useCertificate(certificate), ...named });
      return this.#request.ask('ready');
    });
  }

  update(response) {
    this.#run(() => this.#request.answer(response));
  }

  close() {
    this.#request?.close();
  }

  async #run(step) {
    try {
      const message = await step();
      if (message) fire(this, new Event('webkitkeymessage'), { message });
      else fire(this, new Event('webkitkeyadded'));
    } catch (error) {
      noted(error);
      this.error = { code: 1, systemCode: error.number ?? 0 };
      fire(this, new Event('webkitkeyerror'));
    }
  }
}

// Key URI, content id and certificate, each after its size (4 bytes, little-endian); the texts in UTF-16.
function readParts(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4 + parts.at(-1).length) {
    parts.push(bytes.slice(at + 4, at + 4 + view.getUint32(at, true)));
  }
  if (parts.length !== 3) {
    throw new TypeError(`createSession: expected sized key URI, content id and certificate, found ${parts.length} such parts.`);
  }
  const [uri, contentId] = parts.map((part) => new TextDecoder('utf-16le').decode(part));
  return { uri, contentId, certificate: parts[2] };
}

class WebKitMediaKeys extends KeyRing {
  static isTypeSupported(keySystem, contentType = 'video/mp4') {
    return KEY_SYSTEM.test(keySystem) && canDecode({ contentType });
  }

  createSession(contentType, initData) {
    return new WebKitSession(this, initData);
  }
}

function installWebKitInterface() {
  globalThis.WebKitMediaKeys = WebKitMediaKeys;
  Object.defineProperties(HTMLMediaElement.prototype, {
    webkitKeys: { get() { return screenOf(this).keys; } },
    webkitSetMediaKeys: { value(keys) { screenOf(this).attach(keys); } },
  });
}

// ---- Media Source Extensions

const sources = new Map(); // object URL → its MediaSource
const owners = new WeakMap(); // MediaSource → the element it feeds; SourceBuffer → its MediaSource

// Notices what goes into which element.
function installSources() {
  wrap(URL, 'createObjectURL', (original) => function (object) {
    const url = original.call(this, object);
    if (object instanceof MediaSource) sources.set(url, object);
    return url;
  });
  wrap(MediaSource.prototype, 'addSourceBuffer', (original) => function (type) {
    const buffer = original.call(this, type);
    owners.set(buffer, this);
    return buffer;
  });
  wrap(SourceBuffer.prototype, 'appendBuffer', (original) => function (data) {
    original.call(this, data);
    const tracks = readTracks(toBytes(data));
    const element = tracks.length && ownerOf(owners.get(this));
    if (element) queueMicrotask(() => screenOf(element).meet(tracks, !playing(element)).catch(noted));
  });
  wrap(HTMLMediaElement.prototype, 'src', (original) => function (url) {
    const player = settings.nativeHls && isPlaylist(url) && new HlsPlayer(this, url);
    if (player) players.set(this, player);
    const source = sources.get(player ? player.blob : String(url));
    if (source) owners.set(source, this);
    original.call(this, player ? player.blob : url);
  }, 'set');
  for (const name of ['src', 'currentSrc']) {
    wrap(HTMLMediaElement.prototype, name, (original) => function () {
      const [url, player] = [original.call(this), players.get(this)];
      return player?.blob === url ? player.url : url;
    }, 'get');
  }
}

function ownerOf(source) {
  const elements = [...document.querySelectorAll('video, audio')];
  return owners.get(source) ?? elements.find(({ currentSrc }) => sources.get(currentSrc) === source);
}

// ---- <video src="….m3u8">

const players = new WeakMap(); // element → its HlsPlayer
const AHEAD = 60; // seconds
const isPlaylist = (url) => /\.m3u8($|[?#])/.test(url);
const playing = (element) => players.get(element)?.url === element.src;

// Plays fragmented MP4 on demand: the first variant and its first audio rendition.
class HlsPlayer {
  source = new MediaSource();
  blob = URL.createObjectURL(this.source);
  #run = 0;

  constructor(element, url) {
    this.element = element;
    this.url = new URL(url, document.baseURI).href;
    this.source.addEventListener('sourceopen', () => this.#open().catch(noted));
  }

  async #open() {
    if (this.source.sourceBuffers.length) return; // open again after its end
    const run = ++this.#run; // load() opens the source anew
    const goesOn = () => run === this.#run && this.source.readyState !== 'closed';
    const tracks = await readMaster(this.url);
    if (!goesOn()) return;
    for (const track of tracks) track.buffer = this.source.addSourceBuffer(track.mime);
    this.source.duration = Math.max(...tracks.map(({ segments }) => segments.at(-1).end));
    await Promise.all(tracks.map((track) => this.#feed(track, tracks, goesOn)));
  }

  async #feed(track, all, goesOn) {
    const { element, source } = this;
    const { buffer, segments } = track;
    let [next, map, period] = [0];
    buffer.mode = 'sequence'; // each period may count its time from anywhere
    element.addEventListener('seeking', () => {
      const { buffered } = buffer;
      const at = element.currentTime;
      for (let n = 0; n < buffered.length; n++) if (buffered.start(n) <= at && at < buffered.end(n)) return;
      [next, period] = [segments.findIndex(({ end }) => end > at), null];
    });
    while (goesOn()) {
      const segment = segments[next];
      track.idle = !segment;
      if (segment?.time < element.currentTime + AHEAD) {
        next++;
        if (segment.map !== map) await append(buffer, segment.map);
        if (segment.uri) await screenOf(element).needKey(segment.uri);
        if (!goesOn()) return;
        if (segment.period !== period) buffer.timestampOffset = segment.time;
        ({ map, period } = segment);
        await append(buffer, segment);
      } else {
        if (all.every(({ idle }) => idle) && source.readyState === 'open') source.endOfStream();
        const moved = ['timeupdate', 'seeking'];
        await new Promise((wake) => moved.forEach((name) => element.addEventListener(name, wake, { once: true })));
      }
    }
  }
}

async function append(buffer, part) {
  buffer.appendBuffer(await fetchPart(part, LARGEST_PART));
  const bad = new Error(`${brief(part.url)}: expected a part that this browser takes, found another.`);
  await new Promise((done, fail) => [buffer.onupdateend, buffer.onerror] = [done, () => fail(bad)]);
}

// ---- playlists: linear work on bytes that are counted first, with the bounds of emulator/hls.py

const LARGEST_PART = 2 ** 27; // bytes
const LARGEST_PLAYLIST = 2 ** 22; // bytes
const MOST_LINES = 400_000;
const MOST_SEGMENTS = 50_000;
const MOST_KEYS = 256; // key URIs of a playlist
const LONGEST_ADDRESSES = 2 ** 24; // characters, all together: each repeats the playlist's path

const badTitle = (url, expected, found) => new Error(`${brief(url)}: expected ${expected}, found ${brief(found)}.`);

async function fetchPart({ url, range }, most) {
  const answer = await fetch(url, range ? { headers: { Range: `bytes=${range}` } } : {});
  if (!answer.ok) throw badTitle(url, 'a part of the title', `HTTP ${answer.status}`);
  const reader = answer.body?.getReader();
  const chunks = [];
  for (let left = most, chunk; (chunk = (await reader?.read())?.value); chunks.push(chunk)) {
    left -= chunk.length;
    if (left < 0) {
      reader.cancel().catch(() => {});
      throw badTitle(url, `at most ${most} bytes`, 'more');
    }
  }
  return new Blob(chunks).arrayBuffer();
}

// The lines of a playlist: tag ('' for an address), attributes, whole value.
async function readPlaylist(url) {
  const text = textOf(await fetchPart({ url }, LARGEST_PLAYLIST));
  const lines = text.split(/\r?\n/).filter((line) => /^([^#]|#EXT)/.test(line));
  if (lines.length > MOST_LINES) throw badTitle(url, `a playlist of at most ${MOST_LINES} lines`, lines.length);
  return lines.map((line) => {
    const [, tag, value] = /^#(EXT[A-Z0-9-]*):?(.*)/.exec(line) ?? ['', '', line];
    return { tag, value, ...(tag && readAttributes(value)) };
  });
}

// The attributes up to the first that is malformed. Each match begins where the last one ended: a search would be quadratic.
function readAttributes(text) {
  const pairs = text.matchAll(/\s*([A-Z0-9-]+)=(?:"([^"]*)"\s*|([^,"]*))(?:,|$)/gy);
  return Object.fromEntries(Array.from(pairs, ([, name, quoted, bare]) => [name, quoted ?? bare.trim()]));
}

// The tracks of a master playlist: MIME type and segments of each.
async function readMaster(url) {
  const lines = await readPlaylist(url);
  const at = lines.findIndex(({ tag, CODECS }) => tag === 'EXT-X-STREAM-INF' && CODECS);
  const address = lines[at + 1];
  if (at < 0 || address?.tag !== '') throw badTitle(url, 'a master playlist with CODECS and the address behind', 'none');
  const codecs = lines[at].CODECS.split(',').map((codec) => codec.trim());
  const audio = lines.find((line) => line.TYPE === 'AUDIO' && line['GROUP-ID'] === lines[at].AUDIO && line.URI);
  const isSound = (codec) => /^(mp4a|ac-3|ec-3)/.test(codec);
  const track = async (kind, codecs, uri) => {
    return { mime: `${kind}/mp4; codecs="${codecs}"`, segments: await readSegments(join(uri, url)) };
  };
  const video = track('video', codecs.filter((codec) => !audio || !isSound(codec)), address.value);
  return Promise.all(audio ? [video, track('audio', codecs.filter(isSound), audio.URI)] : [video]);
}

function join(uri, base) {
  try {
    return new URL(uri, base).href;
  } catch {
    throw badTitle(base, 'an address', uri);
  }
}

async function readSegments(base) {
  const segments = [];
  const keys = new Set();
  const ends = {}; // of byte ranges: the next one begins there
  let [time, period, left, map, key, seconds, range] = [0, 0, LONGEST_ADDRESSES];
  const part = (uri, bytes) => {
    const url = join(uri, base);
    left -= url.length;
    if (left < 0) throw badTitle(base, `at most ${LONGEST_ADDRESSES} characters of addresses`, 'more');
    if (!bytes) return { url };
    const [, length, start = ends[url] ?? 0] = /^(\d{1,15})(?:@(\d{1,15}))?$/.exec(bytes) ?? [];
    if (!length) throw badTitle(base, 'a byte range <length>@<offset>', bytes);
    ends[url] = Number(start) + Number(length);
    return { url, range: `${start}-${ends[url] - 1}` };
  };
  for (const { tag, value, METHOD, KEYFORMAT, URI, BYTERANGE } of await readPlaylist(base)) {
    if (tag === 'EXT-X-MAP') map = part(URI, BYTERANGE);
    if (METHOD === 'NONE') key = null;
    if (KEYFORMAT === 'com.apple.streamingkeydelivery') key = URI;
    keys.add(key);
    if (keys.size > MOST_KEYS) throw badTitle(base, `at most ${MOST_KEYS} keys`, 'more');
    if (tag === 'EXT-X-DISCONTINUITY') period++;
    if (tag === 'EXTINF') seconds = parseFloat(value);
    if (tag === 'EXT-X-BYTERANGE') range = value;
    if (tag) continue;
    if (segments.length === MOST_SEGMENTS) throw badTitle(base, `at most ${MOST_SEGMENTS} segments`, 'more');
    if (!(seconds >= 0 && seconds < Infinity)) throw badTitle(base, 'an EXTINF with seconds for each segment', seconds);
    segments.push({ ...part(value, range), time, end: time + seconds, period, map, uri: key });
    [time, range] = [time + seconds, ''];
  }
  if (!segments.length) throw badTitle(base, 'a media playlist with segments', 'none');
  return segments;
}

function installNativeHls() {
  wrap(HTMLMediaElement.prototype, 'canPlayType', (original) => function (type) {
    return /^application\/(vnd\.apple\.|x-)mpegurl/i.test(type) ? 'maybe' : original.call(this, type);
  });
  const adopt = () => document.querySelectorAll('video, audio').forEach((element) => {
    const url = element.getAttribute('src') ?? element.querySelector('source')?.src;
    if (url && isPlaylist(url)) element.src = url;
  });
  new MutationObserver(adopt).observe(document, { childList: true, subtree: true });
}

// ---- install

// Adds FairPlay to this page's browser. `provisioning` is what /_sim/provisioning answers, or its URL.
function install({ provisioning, device = 'device A', only = true, legacy = true, nativeHls = true }) {
  if (!globalThis.isSecureContext || !navigator.requestMediaKeySystemAccess) {
    throw new Error(`FairPlayEme: expected a secure context, found ${location.origin}. Likely fix: use https or localhost.`);
  }
  settings = { provisioning: provide(provisioning), device, only, legacy, nativeHls };
  settings.provisioning.catch(() => {}); // noted already
  installKeySystem();
  installSources();
  if (legacy) installWebKitInterface();
  if (nativeHls) installNativeHls();
}

async function provide(given) {
  const { ask, ...rest } = (typeof given === 'string' ? await noting(fetchProvisioning(given)) : given) ?? {};
  if (typeof ask === 'string' && /^[0-9a-f]{32}$/i.test(ask)) return { ...rest, ask: unhex(ask) };
  throw noted(new TypeError('provisioning: expected the answer of /_sim/provisioning with its ask, found something else.'));
}

async function fetchProvisioning(url) {
  try {
    return await (await fetch(url)).json();
  } catch ({ message }) {
    const fix = location.protocol === 'file:'
      ? 'serve the page from localhost: from file:// its origin is null, and the browser lets it read no answer of any host'
      : `start expressplay-mock with --cors-origin ${location.origin}, or pass the object instead of its URL`;
    throw new TypeError(`provisioning: expected the answer of ${url}, found ${message}. Likely fix: ${fix}.`);
  }
}

globalThis.FairPlayEme = { install, events, deviceId, makeSpc, openCkc };
}
