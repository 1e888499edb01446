// The suite. The devices are `fps-emulator`, which stands for a phone; ExpressPlay is `expressplay-mock`, driven over HTTP.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { MOVIE, Sees, TRAILER } from "./sees.js";

const BIN = process.env.BIN ?? "../../.venv/bin";
let service, mock, server, sees;

before(async () => {
  const options = ["serve", "--port", "0", "--database", ":memory:", "--until-stdin-closes"];
  service = spawn(`${BIN}/expressplay-mock`, options, { stdio: ["pipe", "pipe", "ignore"] });
  const [line] = await once(createInterface({ input: service.stdout }), "line");
  mock = JSON.parse(line);
  server = new Sees(mock.url, mock.authenticator).server().listen(0, "127.0.0.1");
  await once(server, "listening");
  sees = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
  service.kill();
});

// Runs `fps-emulator` as a device with this name.
function phone(command, device, cookie) {
  const dummy = command === "play" ? [] : ["--dummy", TRAILER];
  const content = command === "register" ? [] : ["--content", MOVIE];
  const given = ["--sees", sees, "--expressplay", mock.url, "--device", device, "--cookie", cookie];
  return new Promise((resolve) => {
    execFile(`${BIN}/fps-emulator`, [command, ...given, ...dummy, ...content], (error, out, log) => {
      resolve({ status: error?.code ?? 0, text: out + log });
    });
  });
}

async function ask(requestType, contentID, customerCookie) {
  const message = { messageID: "m1", version: 1, requestType, contentID, customerCookie };
  const answer = await fetch(`${sees}/sees/SEESServlet`, { method: "POST", body: JSON.stringify(message) });
  return answer.json();
}

test("the registered device plays, and another does not", async () => {
  assert.equal((await phone("bind", "A", "alice")).status, 0);
  const other = await phone("play", "B", "alice");
  assert.equal(other.status, 1);
  assert.match(other.text, /-9003/);
});

test("nobody plays without registration", async () => {
  const play = await phone("play", "A", "nobody");
  assert.equal(play.status, 1);
  assert.match(play.text, /play the trailer/);
});

test("who registers a new phone moves there", async () => {
  await phone("register", "old phone", "bob");
  await phone("register", "new phone", "bob");
  assert.equal((await phone("play", "new phone", "bob")).status, 0);
  assert.match((await phone("play", "old phone", "bob")).text, /-9003/);
});

test("bound tokens name the device and live for five minutes", async () => {
  await phone("bind", "A", "carol");
  const { entries } = await (await fetch(`${mock.url}/_sim/journal`)).json();
  const bound = entries.findLast((entry) => entry.step === 9).request;
  assert.match(bound.deviceId, /^[0-9a-f]{40}$/);
  assert.equal(bound.expirationTime, "+300");
});

test("a refusal of ExpressPlay is a denial", async () => {
  const fault = { fault: "refuse", at: "token", code: -2031, cookie: "dave" };
  const headers = { "Content-Type": "application/json" };
  await fetch(`${mock.url}/_sim/faults`, { method: "POST", headers, body: JSON.stringify(fault) });
  const answer = await ask(2, TRAILER, "dave");
  assert.equal(answer.isAllowed, false);
  assert.ok(!JSON.stringify(answer).includes(mock.authenticator));
});

test("33 characters are too long for a cookie, 32 emoji are not", async () => {
  assert.equal((await ask(2, TRAILER, "x".repeat(33))).isAllowed, false);
  assert.equal((await ask(2, TRAILER, "📺".repeat(32))).isAllowed, true);
});
