// FairPlay for browsers that have none: a virtual device as one script, without dependencies.
//
// The device makes SPCs and opens CKCs of this simulation (bytes: docs/messages.md). From the same seed it has the same
// device_id as the emulator in Python, with which it shares no code: each holds the other to the format. Nothing of
// Apple's is in it, and every message carries the mark SIM1: no real key server and no real device takes part.

(() => {
  'use strict';

  // -------------------------------------------------------------------------------------------------------- bytes

  const utf8 = (text) => new TextEncoder().encode(text);
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

  function toBytes(data) {
    return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  }

  function random(size) {
    return crypto.getRandomValues(new Uint8Array(size));
  }

  // -------------------------------------------------------------------------------------------------------- errors

  // A rule was broken. `number` and `check` are those of the tables in docs/messages.md; the message is one sentence.
  class FairPlayError extends Error {
    constructor(number, check, title, expected, found, fix) {
      super(`${number} ${title}: expected ${expected}, found ${found}. Likely fix: ${fix}.`);
      Object.assign(this, { name: 'FairPlayError', number, check });
    }
  }

  const notCkc = (expected, found, fix) => new FairPlayError(-42585, 3, 'CKC frame', expected, found, fix);
  const wrongCkc = (found) =>
    new FairPlayError(-42589, 12, 'CKC for this SPC', 'the CKC that answers this SPC', found,
      'give each CKC to the session whose SPC it answers, once');

  // What pages hand over in place of octets, by how it starts; the last of them that fits is meant.
  const WRAPPINGS = [
    [/^-----BEGIN/, 'PEM text', 'decode the Base64 between the BEGIN and END lines, and pass the octets (DER)'],
    [/^MII/, 'a certificate in Base64', 'decode the Base64 and pass the octets (DER)'],
    [/^AAAA/, 'Base64 text', 'decode the Base64 and pass the octets'],
    [/^</, 'HTML or XML', 'look at the address and the status of the answer: this is a web page'],
    [/^<ckc>/, '<ckc> text', 'take the text between the tags and decode its Base64'],
    [/^[{[]/, 'JSON', 'take the member out of it and decode its Base64'],
    [/^$/, 'no bytes', 'look at the status of the answer'],
  ];

  // Says what `bytes` are in place of what was wanted: [found, fix].
  function recognise(bytes, fix) {
    const start = String.fromCharCode(...bytes.subarray(0, 32)).trimStart();
    const known = WRAPPINGS.findLast(([form]) => form.test(start));
    return known ? known.slice(1) : [`${bytes.length} bytes that are none`, fix];
  }

  // -------------------------------------------------------------------------------------------------------- ciphers

  const NO_BYTES = new Uint8Array(0);
  const ZERO_BLOCK = new Uint8Array(16);
  const digest = async (hash, data) => new Uint8Array(await crypto.subtle.digest(hash, data));

  async function cbc(way, key, iv, data) {
    const aes = await crypto.subtle.importKey('raw', key, 'AES-CBC', false, [way]);
    return new Uint8Array(await crypto.subtle[way]({ name: 'AES-CBC', iv }, aes, data));
  }

  // AES-128-CBC without padding. WebCrypto always pads: what encryption adds is cut off, and decryption gets a last
  // block that decrypts to padding alone.
  async function cbcEncrypt(key, iv, data) {
    return (await cbc('encrypt', key, iv, data)).subarray(0, data.length);
  }

  async function cbcDecrypt(key, iv, data) {
    const padding = await cbc('encrypt', key, data.slice(-16), NO_BYTES);
    return cbc('decrypt', key, iv, concat(data, padding));
  }

  // One block of AES-128-ECB is one block of CBC with an IV of zeros.
  const encryptBlock = (key, block) => cbcEncrypt(key, ZERO_BLOCK, block);
  const decryptBlock = (key, block) => cbcDecrypt(key, ZERO_BLOCK, block);

  // -------------------------------------------------------------------------------------------- D-SIM and SK..R1

  // D-SIM v1, in place of Apple's D function: HKDF-SHA-256 with the ASk (16 bytes) as key and R2 (21) in the info.
  async function derive(ask, label, r2, size) {
    const key = await crypto.subtle.importKey('raw', ask, 'HKDF', false, ['deriveBits']);
    const how = { name: 'HKDF', hash: 'SHA-256', salt: utf8('sees-sim/d-substitute/v1'), info: concat(utf8(label), r2) };
    return new Uint8Array(await crypto.subtle.deriveBits(how, key, size * 8));
  }

  async function integrityOf(macKey, data) {
    const key = await crypto.subtle.importKey('raw', macKey, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, data)).subarray(0, 16);
  }

  // HU: 20 bytes that only the seed decides. In hex it is the device_id.
  async function deviceId(seed) {
    return hex((await digest('SHA-256', utf8(`sees-sim/hu/v1${seed}`))).subarray(0, 20));
  }

  async function ckcKeyOf(r1, antiReplaySeed) {
    return encryptBlock((await digest('SHA-1', r1)).slice(0, 16), antiReplaySeed);
  }

  // -------------------------------------------------------------------------------------------------------- TLLV

  // tag (8 bytes), block length, value length, value, padding. The block length counts value and padding and is a
  // multiple of 16. At least one byte of padding is written, up to the boundary, then 0 to 7 units of 16 bytes more.
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

  // The tags of a CKC: name, size of the value, whether each CKC has it. (Sizes of an SPC's tags: asset ID 2 to 200.)
  const CKC_TAGS = {
    [ENCRYPTED_KEY]: ['encrypted content key', 32, true],
    [R1]: ['R1', 44, true],
    [DURATION]: ['content key duration', 16, false],
    [HDCP]: ['HDCP enforcement', 16, false],
    [OFFLINE_KEY]: ['offline key', 32, false], // or 48; a device without the capability never gets one
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
  const STATES = { ready: 'f4dee5a2', playing: 'a5d6739e', 'lease ending': '4f834330', halted: '5991bf20' };

  // --------------------------------------------------------------------------------------------------- certificate

  // The SPC version, by the size of the certificate's RSA key in bytes: it decides the hash of the OAEP padding too.
  const VERSIONS = { 128: [1, 'SHA-1'], 256: [2, 'SHA-256'] };
  const RSA_ENCRYPTION = '06092a864886f70d010101';

  // One DER element at `at`: its tag, where its contents start, and where it ends (past the end, for cut bytes).
  function derElement(der, at) {
    let length = der[at + 1];
    let start = at + 2;
    if (length > 0x80) {
      const digits = der.slice(start, (start += length - 0x80));
      length = digits.length > 4 ? Infinity : digits.reduce((value, byte) => value * 256 + byte, 0);
    }
    return { at, tag: der[at], start, end: start + length };
  }

  function derChildren(der, { start, end }) {
    const children = [];
    for (let at = start; at < end && children.length < 16; at = children.at(-1).end) children.push(derElement(der, at));
    return children;
  }

  // Returns what an SPC needs of an application certificate in DER form: its hash, RSA key and SPC version.
  async function readCertificate(der) {
    const bad = ([found, fix]) => {
      const sentence = `certificate: expected an X.509 certificate in DER form, found ${found}. Likely fix: ${fix}.`;
      return Object.assign(new TypeError(sentence), { sentence });
    };
    const whole = derElement(der, 0);
    if (der[0] !== 0x30 || whole.end !== der.length) throw bad(recognise(der, 'pass the file fairplay.cer, whole'));
    const fields = derChildren(der, derChildren(der, whole)[0] ?? whole);
    const spki = fields.find((field) => hex(der.subarray(field.start, field.end)).slice(4).startsWith(RSA_ENCRYPTION));
    const bits = spki && derChildren(der, spki)[1];
    const modulus = bits && derChildren(der, derElement(der, bits.start + 1))[0];
    const size = modulus && modulus.end - modulus.start - (der[modulus.start] === 0 ? 1 : 0); // without the sign's byte
    if (!VERSIONS[size]) throw bad(['another', 'use the certificate that the key server gave out (RSA-1024 or RSA-2048)']);
    const [version, hash] = VERSIONS[size];
    const how = { name: 'RSA-OAEP', hash };
    const key = await crypto.subtle.importKey('spki', der.slice(spki.at, spki.end), how, false, ['encrypt']).catch(() => {
      throw bad(['one with a damaged key', 'fetch the certificate anew']);
    });
    return { version, key, hash: await digest('SHA-1', der) };
  }

  // ------------------------------------------------------------------------------------------------------------ SPC

  // Makes an SPC: {spc, keys}. `keys` are the message keys, in hex, in the form of a recording's device_keys (with
  // `returned`, the tags that the CKC must bring back); openCkc takes them. `certificate` is DER, `ask` 16 bytes, `seed` a
  // text, `assetId` 2 to 200 bytes, `now` Unix seconds by the device's clock, `session` the 8 bytes that name a playback.
  async function makeSpc({ certificate, ask, seed, assetId, now, state = 'ready', session = random(8), source = random }) {
    if (assetId.length < 2 || assetId.length > 200) {
      throw new RangeError(`asset ID: expected 2 to 200 bytes, found ${assetId.length}. Likely fix: look at the key URI.`);
    }
    const { version, key, hash } = await readCertificate(certificate);
    const r2 = source(21);
    const [sk, r1, sealIv] = [source(16), source(44), source(16)];
    const [dask, macKey] = [await derive(ask, 'dask', r2, 16), await derive(ask, 'skr1-integrity', r2, 32)];
    const identity = concat(sk, unhex(await deviceId(seed)), r1);
    const integrity = await integrityOf(macKey, identity);
    const sealed = concat(sealIv, await cbcEncrypt(dask, sealIv, concat(identity, integrity)));
    const antiReplaySeed = source(16);
    const transactionId = source(8);
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
    const wrapped = new Uint8Array(await crypto.subtle.encrypt('RSA-OAEP', key, spcKey));
    const spc = concat(uint32(version), utf8('SIM1'), iv, wrapped, hash, uint32(payload.length), payload);
    const secret = { spc_key: spcKey, dask, mac_key: macKey, sk, r1, r2, anti_replay_seed: antiReplaySeed };
    secret.ckc_key = await ckcKeyOf(r1, antiReplaySeed);
    const keys = Object.fromEntries(Object.entries(secret).map(([name, value]) => [name, hex(value)]));
    return { spc, keys: { ...keys, returned: { [ASSET_ID]: hex(assetId), [TRANSACTION_ID]: hex(transactionId) } } };
  }

  // ------------------------------------------------------------------------------------------------------------ CKC

  // Opens a CKC (bytes) with the message keys of its SPC, all in hex: {sk, r1, anti_replay_seed}, as makeSpc returns them
  // and as a recording's device_keys holds them. Resolves to {contentKey, iv, duration, hdcp, offlineKey}, all in hex;
  // `duration` is null or {lease, rental, keyType}, in seconds. Throws FairPlayError for any bytes that are no answer.
  async function openCkc(ckc, { sk, r1, anti_replay_seed: antiReplaySeed, returned = {} }) {
    const bytes = toBytes(ckc);
    const payload = bytes.subarray(28);
    if (bytes.length < 28 || number(bytes, 0) !== 1) {
      throw notCkc('the octets of a CKC', ...recognise(bytes, 'post the SPC to the token URL, and pass on its answer'));
    }
    if (hex(bytes.subarray(4, 8)) !== hex(utf8('SIM1'))) {
      throw notCkc('the mark SIM1', hex(bytes.subarray(4, 8)), 'ask the mock: CKCs of a real key server open nothing here');
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
        throw new FairPlayError(-42583, 10, 'returned tag', `tag ${tag} as it was sent`, 'another value or none',
          'repair the key server: it must copy returned tags');
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
    for (const [tag, [name, size]] of Object.entries(CKC_TAGS)) {
      const found = values.get(tag)?.length ?? size;
      if (found !== size && !(tag === OFFLINE_KEY && found === 48)) {
        throw new FairPlayError(-42581, 8, 'value size', `${size} bytes in ${name}`, found, 'repair the key server');
      }
    }
    for (const [tag, [name, , required]] of Object.entries(CKC_TAGS)) {
      if (required && !values.has(tag)) {
        throw new FairPlayError(-42583, 9, 'required tag', name, 'none', 'repair the key server');
      }
    }
  }

  function readDuration(value) {
    if (!value) return null;
    return { lease: number(value, 0), rental: number(value, 4), keyType: readName(KEY_TYPES, value.subarray(8, 12), 'key type') };
  }

  function readOfflineKey(value) {
    if (!value) return null;
    const [version, expected] = [number(value, 0), value.length === 48 ? 2 : 1];
    if (version !== expected) throw notCkc(`version ${expected} of the offline key`, version, 'repair the key server');
    const titleId = hex(value.subarray(32)) || '0'.repeat(32);
    return { contentId: hex(value.subarray(8, 24)), storage: number(value, 24), playback: number(value, 28), titleId };
  }

  function readName(names, code, what) {
    if (!code) return null;
    if (!names[hex(code)]) throw notCkc(`a known ${what}`, hex(code), 'repair the key server');
    return names[hex(code)];
  }

  globalThis.FairPlayEme = { deviceId, makeSpc, openCkc };
})();
