// The browser's half of bench/web: how soon the first view stands, how much it took, what the live view costs.
// usage: node web_page.mjs BASE TOKEN ROUNDS      then "live SECONDS" on standard input; answers are JSON lines
import { createInterface } from 'node:readline';
import { launch, open, settled, signIn } from '../tests/browser/page.mjs';

const [base, token, rounds] = process.argv.slice(2);
const browser = await launch();
const first = await open(browser, base);
await signIn(first.page, base, token);
const cookie = (await first.context.cookies())[0];
await first.context.close();

const times = [];
let bytes = 0;
for (let i = 0; i < Number(rounds); ++i) {
  const { context, page } = await open(browser, base, { cookie }); // a context of its own: an empty cache
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  let sum = 0;
  const assets = new Set();
  session.on('Network.requestWillBeSent', (e) => { if (!new URL(e.request.url).pathname.startsWith('/api/')) assets.add(e.requestId); });
  session.on('Network.loadingFinished', (e) => { if (assets.has(e.requestId)) sum += e.encodedDataLength; });
  const began = performance.now();
  await page.goto(base, { waitUntil: 'commit' });
  await page.locator('main h1').first().waitFor();
  await page.locator('main canvas, main svg').first().waitFor();
  times.push(performance.now() - began);
  await settled(page);
  await page.waitForTimeout(300);
  bytes = Math.max(bytes, sum);
  await context.close();
}
console.log(JSON.stringify({ first_screen_ms: times, page_bytes: bytes }));

const { page, context } = await open(browser, base, { cookie });
await page.goto(base);
await settled(page);
const session = await browser.newBrowserCDPSession();
const processes = async () => (await session.send('SystemInfo.getProcessInfo')).processInfo;
const sum = (list) => list.reduce((all, p) => all + p.cpuTime, 0);
for await (const line of createInterface({ input: process.stdin })) {
  const seconds = Number(line.split(' ')[1]);
  if (!(seconds > 0)) break;
  const before = await processes(), began = performance.now();
  await page.waitForTimeout(seconds * 1000);
  const after = await processes();
  const by = {};
  for (const p of after) by[p.type] = (by[p.type] ?? 0) + p.cpuTime - (before.find((b) => b.id === p.id)?.cpuTime ?? 0);
  console.log(JSON.stringify({ browser_cpu_s: sum(after) - sum(before), by, seconds: (performance.now() - began) / 1000 }));
}
await context.close();
await browser.close();
