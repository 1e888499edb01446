// A small SEES of its own design: node:http and fetch, one function for a request, one for each question to ExpressPlay.
//
// It stands for your entitlement server. What makes it testable is one habit: ExpressPlay's address and the customer
// authenticator are settings (EXPRESSPLAY_URL, EXPRESSPLAY_AUTHENTICATOR), not constants.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const LIMIT = 64 * 1024;
const PATIENCE = 5000; // milliseconds

// What content ids stand for; a real server asks its key database.
export const TRAILER = "5a1e0000-0000-4000-8000-0000000000aa";
export const MOVIE = "5a1e0000-0000-4000-8000-0000000000bb";
export const CONTENTS = new Map([
  [TRAILER, { key: "8c6ff1d5b20e4a7793d4e60b1c5fa832", iv: "00112233445566778899aabbccddeeff", dummy: true }],
  [MOVIE, { key: "e4907b3fa1c852d60fbb92647cd31e58", iv: "ffeeddccbbaa99887766554433221100", dummy: false }],
]);

// No entitlement. The text goes to the client, so it never holds what ExpressPlay was asked.
class No extends Error {
  constructor(text, status = 200) {
    super(text);
    this.status = status;
  }
}

export class Sees {
  constructor(expressPlay, authenticator) {
    this.expressPlay = expressPlay;
    this.authenticator = authenticator;
  }

  server() {
    return createServer((request, response) => this.answer(request, response));
  }

  async answer(request, response) {
    let asked = {};
    let status = 200;
    let answer;
    try {
      if (new URL(request.url, "http://sees").pathname !== "/sees/SEESServlet") throw new No("POST to /sees/SEESServlet", 404);
      if (request.method !== "POST") throw new No("POST", 405);
      asked = read(await body(request));
      answer = { isAllowed: true, epTokenURL: await this.entitle(asked) };
    } catch (no) {
      status = no instanceof No ? no.status : 500;
      answer = { isAllowed: false, epTokenURL: "", error: 100, errorText: no instanceof No ? no.message : "internal error" };
      if (!(no instanceof No)) console.error(no);
    }
    const text = JSON.stringify({ messageID: asked.messageID ?? "", version: 1, ...answer });
    response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
    response.end(text);
  }

  async entitle({ requestType = 1, contentID, customerCookie: cookie = "" }) {
    const content = CONTENTS.get(contentID);
    if (!content) throw new No("unknown content");
    if ([...cookie].length > 32) throw new No("the cookie is too long");
    if (requestType === 2 && cookie && content.dummy) return this.token(content, { cookie });
    if (requestType === 3 && cookie && !content.dummy) {
      return this.token(content, { cookie: cookieOfPlays(cookie), deviceId: await this.device(cookie) });
    }
    throw new No("this server registers with the trailer and sells device-bound entitlements");
  }

  // The device of a cookie: that of the newest registration.
  async device(cookie) {
    const question = new URLSearchParams({ customerAuthenticator: this.authenticator, cookie });
    const text = await call(`${this.expressPlay}/cmiapi/getrecord/?${question}`);
    let records;
    try {
      ({ records } = JSON.parse(text));
      if (!Array.isArray(records)) throw new TypeError("no list");
    } catch {
      throw new No("ExpressPlay's records cannot be read");
    }
    const newest = records.find((row) => row?.cookie === cookie && row.registration === true && row.result === 0);
    if (typeof newest?.device_id !== "string") throw new No("register this device first: play the trailer");
    return newest.device_id;
  }

  // Have ExpressPlay make a token, good for five minutes, and return its URL.
  async token({ key, iv }, restrictions) {
    const asked = { customerAuthenticator: this.authenticator, errorFormat: "json", contentKey: key, iv, expirationTime: "+300" };
    const form = new URLSearchParams({ ...asked, ...restrictions });
    const url = (await call(`${this.expressPlay}/hms/fp/token`, { method: "POST", body: form })).trim();
    if (!/^https?:\/\/[^\s?]+\?ExpressPlayToken=[\w=-]+$/.test(url)) throw new No("ExpressPlay gave no token URL");
    return url;
  }
}

// The cookie of bound tokens. Were it the customer's own, plays would hide the registration in the log.
function cookieOfPlays(cookie) {
  return createHash("sha256").update(`play ${cookie}`).digest("hex").slice(0, 32);
}

async function call(url, options = {}) {
  try {
    const answer = await fetch(url, { ...options, redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
    const text = await answer.text();
    if (answer.status !== 200) throw new No(`ExpressPlay refused with status ${answer.status}`);
    return text;
  } catch (failure) {
    throw failure instanceof No ? failure : new No("ExpressPlay does not answer");
  }
}

async function body(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > LIMIT) throw new No("too long", 413);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const TYPES = { messageID: "string", version: "integer", requestType: "integer", contentID: "string", customerCookie: "string" };

function read(bytes) {
  let message;
  try {
    message = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new No("no JSON", 400);
  }
  if (typeof message !== "object" || message === null || Array.isArray(message)) throw new No("no JSON object", 400);
  for (const [name, type] of Object.entries(TYPES)) {
    const value = message[name];
    const right = type === "integer" ? Number.isSafeInteger(value) : typeof value === "string" && value.isWellFormed();
    const mayMiss = name === "requestType" || name === "customerCookie";
    if (!(right || (value === undefined && mayMiss))) throw new No(`missing or of another type: ${name}`, 400);
  }
  return message;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sees = new Sees(process.env.EXPRESSPLAY_URL, process.env.EXPRESSPLAY_AUTHENTICATOR);
  sees.server().listen(Number(process.env.PORT ?? 8002), "127.0.0.1");
}
