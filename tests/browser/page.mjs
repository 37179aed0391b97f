// What the browser tests share: one Chromium, pages that fail on errors and on foreign requests, checks that are counted.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const failures = [];

export function check(ok, what) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}`);
  if (!ok) failures.push(what);
}

export function finish() {
  console.log(failures.length ? `FAILED: ${failures.length}` : 'all well');
  process.exitCode = failures.length ? 1 : 0;
}

// Offers nothing to other hosts by itself: no updates, no look-ups of its own.
export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

// A page of the dashboard at a width, in a theme. `seen` collects what must not happen.
export async function open(browser, base, { width = 1280, height = 800, dark = true, cookie } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', timezoneId: 'Europe/Berlin', locale: 'en-GB' });
  if (cookie) await context.addCookies([cookie]);
  const page = await context.newPage();
  const seen = { errors: [], foreign: [] };
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('console', (message) => {
    // A refused answer (401 before the login) is told by the browser too, and is no error of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) seen.errors.push(message.text());
  });
  page.on('request', (request) => { if (new URL(request.url()).origin !== base && !request.url().startsWith('data:')) seen.foreign.push(request.url()); });
  return { context, page, seen };
}

export async function signIn(page, base, token) {
  await page.goto(`${base}/`);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Views' }).waitFor({ state: 'attached' });
}

// A view is there when its heading is and nothing waits any more.
export async function settled(page) {
  await page.locator('h1').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('main [aria-busy="true"], main .waiting'), undefined, { timeout: 20_000 });
  await page.evaluate(() => document.fonts.ready);
}

// Whether something comes to be seen: what a click leads to is drawn after the server has answered.
export const shown = (locator) => locator.waitFor({ state: 'visible', timeout: 10_000 }).then(() => true, () => false);

// What axe-core finds, as one line each. The page's policy forbids scripts of others, so axe comes by the debugging interface.
export async function accessibility(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(', ')}`);
}
