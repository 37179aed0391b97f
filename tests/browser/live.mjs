// The page while a flood comes in and one goes out: each step is asked for on standard input, so that the traffic's sender sets the pace.
// usage: node live.mjs BASE TOKEN FOLDER      lines: quiet, attacked, taking_part, tables, stopped; answered by ok or FAIL and "done"
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { accessibility, check, finish, launch, open, settled, signIn } from './page.mjs';

const [base, token, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await launch();
const { page, seen } = await open(browser, base, { width: 1280, height: 900 });
await signIn(page, base, token);
await settled(page);
const title = page.locator('#verdict-title');
const says = async (words, what) => {
  try {
    await title.filter({ hasText: words }).waitFor({ timeout: 20_000 });
    check(true, what);
  } catch { check(false, `${what}; it says: ${await title.innerText()}`); }
};
const steps = {
  async quiet() {
    await page.getByText('live', { exact: true }).waitFor({ timeout: 20_000 });
    await says(/Nothing attacks this server/, 'the page is live and says that nothing happens');
  },
  async attacked() {
    await says(/flood.*pps/i, 'a flood is on the page without a reload');
    const word = await page.locator('.verdict .word').innerText();
    check(/under attack/i.test(word), `it is an attack on this server: ${word}`);
    const at = () => page.locator('.figures .when dd').first().innerText();
    const seconds = new Set();
    for (let i = 0; i < 40 && seconds.size < 3; ++i) { seconds.add(await at()); await page.waitForTimeout(300); }
    check(seconds.size >= 3, `its figures are those of another second each second: ${[...seconds].join(', ')}`);
    await page.screenshot({ path: `${folder}/live-attacked.png`, fullPage: true });
  },
  // What an operator does with an incident, each answered by the agent.
  async handled() {
    await page.goto(`${base}/incidents`);
    await settled(page);
    await page.locator('main a[href^="/incidents/0"]').first().click();
    await page.getByRole('heading', { name: 'Handling' }).waitFor();
    await settled(page);
    const says = (text) => page.getByText(text).first().waitFor({ timeout: 20_000 }).then(() => true, () => false);
    if (await page.getByRole('button', { name: 'Acknowledge' }).count()) {
      await page.getByRole('button', { name: 'Acknowledge' }).click();
      check(await says(/Acknowledged: no more reminders/), 'an incident is acknowledged');
    }
    await page.getByRole('button', { name: 'Silence its alerts' }).click();
    check(await says(/Silent until/), 'its alerts are silenced, and the page says until when');
    await page.getByRole('button', { name: 'Collect a bundle' }).click();
    const bundle = page.getByRole('link', { name: /^Bundle/ });
    await bundle.waitFor({ timeout: 30_000 });
    const [download] = await Promise.all([page.waitForEvent('download'), bundle.click()]);
    check(/^bundle-.*\.tar\.zst$/.test(download.suggestedFilename()), `a bundle comes as a file: ${download.suggestedFilename()}`);
    await download.saveAs(`${folder}/bundle.tar.zst`);
    await page.getByRole('button', { name: 'What would blocking do?' }).click();
    await page.getByRole('table', { name: '' }).filter({ hasText: 'By hand' }).waitFor({ timeout: 20_000 });
    await settled(page);
    const problems = await accessibility(page);
    check(problems.length === 0, `the incident with its handling: clean for axe-core ${problems.join('; ')}`);
    await page.screenshot({ path: `${folder}/live-handling.png`, fullPage: true });
    await page.getByRole('button', { name: 'End it' }).first().click();
    check(await says('The silence is over.'), 'a silence is ended');
    await page.goto(base);
    await settled(page);
  },
  async taking_part() {
    await says(/taking part in an attack/, 'a flood that leaves this server is told first, and never as an attack on it');
    await page.screenshot({ path: `${folder}/live-taking-part.png`, fullPage: true });
  },
  // What the agent alone knows: each view has the agent's answer, not the words for a missing one.
  async tables() {
    for (const view of ['connections', 'logs', 'blocks', 'audit', 'settings']) {
      await page.goto(`${base}/${view}`);
      await settled(page);
      const problems = await accessibility(page);
      check(problems.length === 0, `${view} with an agent: clean for axe-core ${problems.join('; ')}`);
      await page.screenshot({ path: `${folder}/live-${view}.png`, fullPage: true });
    }
    await page.goto(`${base}/connections`);
    await settled(page);
    check(!/No local address had traffic/.test(await page.locator('main').innerText()), 'addresses of this host have their traffic');
    check(/chrom/.test(await page.locator('main').innerText()), 'connections name their processes: this browser is one');
    await page.goto(`${base}/audit`);
    await settled(page);
    check(/No audit was made yet|Audited/.test(await page.locator('main').innerText()), 'an audit that is still to come is not one without findings');
    await page.goto(base);
    await settled(page);
  },
  async stopped() {
    await says(/the agent is not running/, 'when the agent stops, the page says so');
  },
};
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  await steps[line.trim()]();
  console.log('done');
}
check(seen.errors.length === 0, `no errors ${seen.errors.join('; ')}`);
check(seen.foreign.length === 0, `no request to another host ${seen.foreign}`);
await browser.close();
finish();
