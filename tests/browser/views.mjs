// Every view of a quarter of a year of history, without an agent: signing in, axe-core, widths and themes, errors, other hosts.
// usage: node views.mjs BASE ADMIN_TOKEN VIEWER_TOKEN FOLDER      FOLDER takes the screenshots
import { mkdirSync } from 'node:fs';
import { accessibility, check, finish, launch, open, settled, shown, signIn } from './page.mjs';

const [base, admin, viewer, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await launch();

// Who gets in.
{
  const { context, page, seen } = await open(browser, base);
  await page.goto(`${base}/scanners?since=7d`);
  check(await shown(page.getByLabel('Token')), 'without a session there is the login and nothing else');
  check((await accessibility(page)).length === 0, 'the login is clean for axe-core');
  await page.getByLabel('Token').fill('sekisho_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  check(await shown(page.getByRole('alert').first()), 'a wrong token is told');
  await page.getByLabel('Token').fill(viewer);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await settled(page);
  check(new URL(page.url()).pathname === '/scanners', 'the address asked for is kept over the login (deep link)');
  await page.goto(`${base}/settings`);
  await settled(page);
  check(/viewer/i.test(await page.locator('body').innerText()), 'a viewer sees which role it has');
  await page.getByRole('button', { name: 'Sign out' }).click();
  check(await shown(page.getByLabel('Token')), 'signing out leads to the login');
  check((await context.cookies()).length === 0, 'and leaves no cookie');
  check(seen.foreign.length === 0, `no request to another host ${seen.foreign}`);
  await context.close();
}

const { context, page } = await open(browser, base);
await signIn(page, base, admin);
const cookie = (await context.cookies())[0];
check(cookie.httpOnly && cookie.sameSite === 'Strict', 'the session cookie is HttpOnly and SameSite=Strict');
await settled(page);
check(/not watching/i.test(await page.locator('main').innerText()), 'without an agent the first word is that nothing is watched');
const incidents = await page.evaluate(async () => (await (await fetch('/api/v1/incidents?limit=100')).json()).incidents);
const flood = incidents.find((i) => i.kind === 'flood' && i.direction === 'ingress' && i.evidence);
check(flood !== undefined, 'there is an incoming flood with evidence');
// The fleet: a server that is told to be watched by nobody, and one that is not there.
await page.getByRole('link', { name: 'Fleet' }).first().click();
await settled(page);
const told = (await page.locator('main').innerText()).replace(/\s+/g, ' ');
check(/web-2/.test(told) && /Not watched/.test(told) && /db-1/.test(told) && /Out of reach/.test(told), `the fleet has a row for each server: ${told.slice(0, 200)}`);
check(/^http:\/\/127\.0\.0\.1:\d+\/$/.test((await page.getByRole('link', { name: 'web-2' }).getAttribute('href')) ?? ''), 'and a link to its dashboard');
await context.close();

const views = [
  ['now', '/?window=24h'], ['incidents', '/incidents'], ['incident', `/incidents/${flood.id}`], ['scanners', '/scanners'], ['address', `/address?of=${flood.peers.top[0].ip}&window=400d`], ['connections', '/connections'],
  ['logs', '/logs'], ['blocks', '/blocks'], ['audit', '/audit'], ['settings', '/settings'], ['fleet', '/fleet'], ['nowhere', '/nothing-here'],
];
for (const [width, height] of [[1280, 800], [360, 740], [1920, 1080]]) {
  for (const dark of [true, false]) {
    const { context, page, seen } = await open(browser, base, { width, height, dark, cookie });
    for (const [name, path] of views) {
      await page.goto(base + path);
      await settled(page);
      const where = `${name}, ${width} px, ${dark ? 'dark' : 'light'}`;
      const problems = width === 1920 ? [] : await accessibility(page);
      check(problems.length === 0, `${where}: clean for axe-core ${problems.join('; ')}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      check(over <= 0, `${where}: nothing stands over the edge (${over} px)`);
      await page.screenshot({ path: `${folder}/${name}-${width}-${dark ? 'dark' : 'light'}.png`, fullPage: true });
    }
    check(seen.errors.length === 0, `no errors at ${width} px ${seen.errors.join('; ')}`);
    check(seen.foreign.length === 0, `no request to another host at ${width} px ${seen.foreign}`);
    await context.close();
  }
}

// By keyboard alone, and what leaves the page.
{
  const { context, page } = await open(browser, base, { cookie });
  await page.goto(base);
  await settled(page);
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await page.waitForURL('**/incidents');
  await settled(page);
  await page.locator('main input').first().waitFor();
  await page.keyboard.press('/');
  check(await page.evaluate(() => document.activeElement?.tagName === 'INPUT'), 'the slash leads to the search');
  await page.keyboard.type(flood.peers.top[0].ip);
  await page.waitForURL(/q=/);
  await settled(page);
  check(await shown(page.locator(`a[href="/incidents/${flood.id}"]`).first()), 'an address finds its incident');
  await page.getByRole('link', { name: /^All that / }).click();
  await page.waitForURL('**/address?of=*');
  await settled(page);
  await page.getByRole('button', { name: '400 d' }).click();
  check(await shown(page.locator(`a[href="/incidents/${flood.id}"]`).first()), 'and its story leads there, too');
  await page.goto(`${base}/incidents/${flood.id}`);
  await settled(page);
  const text = await page.locator('main').innerText();
  check(['What to do', 'Why this verdict', 'What speaks against it', 'Timeline', 'MITRE ATT&CK'].every((part) => text.includes(part)), 'an incident says what to do, why and why not');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /Packets \(/ }).click()]);
  check(/\.pcapng(\.zst)?$/.test(download.suggestedFilename()), `its packets in one click: ${download.suggestedFilename()}`);
  await context.close();
}
await browser.close();
finish();
