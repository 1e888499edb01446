// The recipe of docs/web-players.md for Playwright in Node. Arguments: base URL, path of Chromium, customer cookie.

import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const [url, executablePath, cookie] = process.argv.slice(2);
const args = ['--autoplay-policy=no-user-gesture-required', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])];
const browser = await chromium.launch({ executablePath, args });

async function watch(device, title, type) {
  // docs: Node
  const provisioning = await (await fetch(`${url}/_sim/provisioning`)).json();
  const context = await browser.newContext();
  await context.addInitScript({ path: require.resolve('fairplay-eme') });
  await context.addInitScript((options) => FairPlayEme.install(options), { provisioning, device });
  const page = await context.newPage();
  // end
  await page.goto(`${url}/pages/raw.html?cookie=${cookie}&type=${type}`);
  await page.evaluate((master) => start(master), `/titles/${title}/master.m3u8`);
  const outcome = await page.waitForFunction(() =>
    document.querySelector('body > p')?.textContent || (document.querySelector('video').currentTime > 0.3 && 'plays'));
  return outcome.jsonValue();
}

try {
  for (const [device, title, type] of [['device A', 'dummy', 2], ['device A', 'film', 3], ['device B', 'film', 3]]) {
    console.log(`${device} ${title}: ${await watch(device, title, type)}`);
  }
} finally {
  await browser.close();
}
