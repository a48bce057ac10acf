// Drives one Firefox for the Go tests beside this folder. It reads commands
// from its input and writes answers to its output, one JSON value a line:
//
//   {"id": 1, "do": "open", ...}  ->  {"id": 1, "value": ...} or {"id": 1, "error": "..."}
//
// What pages say on their console and ask of the network comes in between, as
// {"page": 1, "console": "...", "level": "error"} and {"page": 1, "request": "..."}.
// When its input ends, so does the browser.

import { createInterface } from 'node:readline';
import puppeteer from 'puppeteer-core';

const browser = await puppeteer.launch({
  browser: 'firefox',
  protocol: 'webDriverBiDi',
  executablePath: process.argv[2],
  acceptInsecureCerts: true, // the tests' TLS proxies sign for themselves
  extraPrefsFirefox: {
    'media.navigator.streams.fake': true, // a camera and a microphone of Firefox's own
    'media.navigator.permission.disabled': true,
    'media.autoplay.default': 0,
    'media.autoplay.blocking_policy': 0,
    'app.normandy.enabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
  },
});

const pages = new Map();
let opened = 0;

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');

// What the browser does not put on the console where BiDi tells it.
const watchPolicy = () =>
  document.addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} blocks ${e.blockedURI}`));

// The page's connections, whose statistics tell what is heard: where there is no
// loudspeaker an AudioContext never starts.
const keepConnections = () => {
  window.connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
      super(...options);
      window.connections.push(this);
    }
  };
};

const commands = {
  async version() {
    return browser.version();
  },
  // open gives a person with a browser context of their own, as if on another machine, and
  // a window: of the tabs of a window one is seen at a time, and the others get no video.
  async open({ width, height }) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage({ type: 'window' });
    const id = ++opened;
    pages.set(id, { page, context });
    page.on('console', (m) => say({ page: id, console: m.text(), level: m.type() }));
    page.on('pageerror', (e) => say({ page: id, console: `exception: ${e.message}`, level: 'error' }));
    page.on('request', (r) => say({ page: id, request: r.url() }));
    await page.evaluateOnNewDocument(watchPolicy);
    await page.evaluateOnNewDocument(keepConnections);
    await page.setViewport({ width, height });
    return id;
  },
  async visit({ page }, { url }) {
    await page.goto(url, { waitUntil: 'load' });
  },
  async reload({ page }) {
    await page.reload({ waitUntil: 'load' });
  },
  async evaluate({ page }, { expression }) {
    return page.evaluate(expression);
  },
  // click is by a hand on a mouse, which some things in browsers ask for.
  async click({ page }, { expression }) {
    const element = (await page.evaluateHandle(expression)).asElement();
    if (!element) throw new Error('there is nothing to click on');
    await element.click();
  },
  async resize({ page }, { width, height }) {
    await page.setViewport({ width, height });
  },
  async screenshot({ page }) {
    return page.screenshot({ encoding: 'base64' });
  },
  async close({ context }, { page }) {
    pages.delete(page);
    await context.close();
  },
};

async function run(line) {
  const { id, do: what, ...options } = JSON.parse(line);
  try {
    const place = pages.get(options.page);
    const value = await (place ? commands[what](place, options) : commands[what](options));
    say({ id, value });
  } catch (error) {
    say({ id, error: String(error?.message ?? error) });
  }
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => void run(line));
input.on('close', () => void browser.close().finally(() => process.exit(0)));
browser.on('disconnected', () => process.exit(1));
say({ ready: await browser.version() });
