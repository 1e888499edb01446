// The device's script for scripts/fuzz, outside a browser: a line of JSON in, a line of JSON out.
//
// {ckc, keys} opens a CKC, {certificate, ask, seed, asset_id, now} makes an SPC; all bytes are in hex. What the script
// answers with an error of its own is {error}; anything else that it throws is {broken}.

'use strict';

const [, , script] = process.argv;
require(script);

const bytes = (digits) => new Uint8Array(Buffer.from(digits, 'hex'));
const hex = (data) => Buffer.from(data).toString('hex');

async function answer({ ckc, keys, certificate, ask, asset_id: assetId, ...rest }) {
  try {
    if (ckc !== undefined) return await FairPlayEme.openCkc(bytes(ckc), keys);
    const made = await FairPlayEme.makeSpc({ certificate: bytes(certificate), ask: bytes(ask), assetId: bytes(assetId), ...rest });
    return { ...made, spc: hex(made.spc) };
  } catch (error) {
    if (error.name === 'FairPlayError') return { error: error.number };
    if (/^(certificate|asset ID): expected/.test(error.message)) return { error: error.message };
    return { broken: error.stack };
  }
}

require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
});
