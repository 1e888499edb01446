// What is the page's own, whichever player it has: it asks SEES for a token URL. Here the content id is what follows
// skd:// in the key URI; for players that are told a key id only, /titles has the content id of each.

const query = new URLSearchParams(location.search);
const certificate = query.get('certificate') ?? '/_sim/fairplay.cer'; // empty: none, as a page that forgot it

function log(text) {
  const line = document.createElement('p');
  line.textContent = text;
  document.body.append(line);
  if (parent !== window) parent.postMessage({ type: 'page', text }, location.origin); // the gallery lists it
}

// Has the page's player play a master playlist.
function start(master) {
  window.master = master;
  play(master).catch((error) => log(error.message));
}

async function entitle(contentId) {
  const request = {
    messageID: crypto.randomUUID(),
    version: 1,
    requestType: Number(query.get('type')), // 2 registers this device with the dummy title, 3 plays
    contentID: contentId.replace(/^skd:(\/\/)?/, ''),
    customerCookie: query.get('cookie'),
  };
  const answer = await fetch('/sees/SEESServlet', { method: 'POST', body: JSON.stringify(request) });
  const { isAllowed, epTokenURL, error, errorText } = await answer.json();
  if (!isAllowed) throw new Error(`SEES: ${error} ${errorText}`);
  return epTokenURL;
}

// The content id that an encrypted event is about: of `skd` init data the key URI, of `sinf` the one of its key id.
async function contentIdOf(initDataType, initData) {
  const text = new TextDecoder().decode(initData);
  if (text.startsWith('skd:')) return text;
  if (initDataType === 'skd') { // WebKitMediaKeys: after its size, in UTF-16
    const size = new DataView(initData.buffer, initData.byteOffset).getUint32(0, true);
    return new TextDecoder('utf-16le').decode(initData.slice(4, 4 + size));
  }
  const sinf = Uint8Array.from(atob(JSON.parse(text).sinf), (character) => character.charCodeAt(0));
  const tenc = String.fromCharCode(...sinf).indexOf('tenc') + 4;
  const kid = Array.from(sinf.slice(tenc + 8, tenc + 24), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const { titles } = await (await fetch('/titles')).json();
  return titles.find(({ master }) => master === window.master).keys.find((key) => key.kid === kid).content_id;
}
