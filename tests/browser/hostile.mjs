// Every view with hostile text wherever a packet, a log, a process or a user can choose it: nothing runs, nothing is added to the page,
// nothing is asked of another host, nothing turns the direction of the text or hides.
// usage: node hostile.mjs BASE TOKEN STRINGS.json [live]      live: beside an agent, whose views have hostile text as well
import { readFileSync } from 'node:fs';
import { check, finish, launch, open, settled, signIn } from './page.mjs';

const [base, token, file, live] = process.argv.slice(2);
const names = JSON.parse(readFileSync(file, 'utf8'));
const browser = await launch();
const { page, context, seen } = await open(browser, base);
const dialogs = [];
page.on('dialog', (dialog) => { dialogs.push(dialog.message()); void dialog.dismiss(); });
await page.addInitScript(() => {
  window.reports = [];
  document.addEventListener('securitypolicyviolation', (event) => window.reports.push(`${event.violatedDirective} ${event.blockedURI}`));
});

// What stands in the page that must not; and which of the strings are seen.
async function look() {
  return page.evaluate((strings) => {
    const faults = [...window.reports.map((report) => `the policy had to refuse: ${report}`)];
    if (window.pwned !== undefined) faults.push(`a script ran: ${window.pwned}`);
    const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;
    const ours = (address) => new URL(address, location.href).origin === location.origin;
    for (const element of document.querySelectorAll('*')) {
      const tag = element.localName;
      if (element.id === 'pwned' || ['iframe', 'object', 'embed', 'base', 'frame', 'applet', 'audio', 'video'].includes(tag)) faults.push(`an element <${tag} id="${element.id}">`);
      if (tag === 'meta' && element.httpEquiv) faults.push(`<meta http-equiv=${element.httpEquiv}>`);
      if (tag === 'form' && element.hasAttribute('action')) faults.push(`a form to ${element.getAttribute('action')}`);
      for (const { name, value } of element.attributes) {
        if (name.startsWith('on')) faults.push(`<${tag} ${name}="${value.slice(0, 40)}">`);
        if (['src', 'href', 'action', 'formaction', 'xlink:href'].includes(name) && !value.startsWith('data:image/') && !ours(value)) faults.push(`<${tag} ${name}="${value.slice(0, 60)}">`);
        if (unseen.test(value)) faults.push(`an attribute ${name}: ${JSON.stringify(value.slice(0, 60))}`);
      }
      for (const child of element.childNodes)
        if (child.nodeType === Node.TEXT_NODE && unseen.test(child.data) && tag !== 'script' && tag !== 'style') faults.push(`in <${tag}>: ${JSON.stringify(child.data.slice(0, 80))}`);
    }
    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (over > 0) faults.push(`it stands over the edge by ${over} px`);
    const said = document.body.innerText;
    return { faults: faults.slice(0, 5), marks: strings.filter((name) => said.includes(name)).length };
  }, names.map((one) => one.name));
}
async function view(path, what, least) {
  const answer = await page.goto(base + path);
  if (answer.status() >= 400 && answer.headers()['content-type'] !== 'text/html;charset=utf-8') {
    // The server takes no such address, and its words are no page.
    const { 'content-type': type, 'x-content-type-options': sniff } = answer.headers();
    return check(/^application\/(problem\+)?json/.test(type) && sniff === 'nosniff', `${what}: ${answer.status()}, ${type}`);
  }
  if (!(await settled(page).then(() => true, () => false))) return check(false, `${what}: comes to be seen`);
  // Rows come after the frame, and older ones by a click.
  for (let more = page.getByRole('button', { name: 'Show older ones' }); (await more.count()) > 0 && least > 0;) {
    await more.first().click();
    await settled(page);
    if ((await look()).marks >= least) break;
  }
  let { faults, marks } = await look();
  for (let i = 0; i < 20 && marks < least; ++i) { await page.waitForTimeout(500); ({ faults, marks } = await look()); }
  check(faults.length === 0, `${what}: nothing breaks out ${faults.join('; ')}`);
  if (least) check(marks >= least, `${what}: has ${marks} of the ${names.length} strings`);
}

await signIn(page, base, token);
await settled(page);
const incidents = await page.evaluate(async () => (await (await fetch('/api/v1/incidents?limit=500')).json()).incidents);
const mine = incidents.filter((one) => /hs\d\d/.test(JSON.stringify(one.process ?? '')));
check(mine.length === names.length, `the incidents of the strings are there: ${mine.length}`);
const guessed = incidents.filter((one) => /hs\d\d/.test(one.headline ?? one.explanation ?? '') && !mine.includes(one));
if (live) check(guessed.length >= 10, `and those that the agent found in the logs: ${guessed.length}`);

for (const [width, height] of [[1280, 800], [360, 740]]) {
  await page.setViewportSize({ width, height });
  for (const [path, what, least] of [
    ['/', 'Now', 0], ['/?window=24h&as=table', 'Now as a table', 0], ['/incidents', 'Incidents', 0], ['/scanners', 'Scanners', 0],
    ['/connections', 'Connections', live ? 10 : 0], ['/logs', 'Logs', 0], ['/blocks', 'Blocks', live ? 25 : 0], ['/audit', 'Audit and changes', names.length - 2],
    ['/settings', 'Settings', 0], ['/fleet', 'Fleet', 0],
  ]) await view(path, `${what}, ${width} px`, least);
  for (const one of [...mine, ...guessed.slice(0, 8)]) await view(`/incidents/${one.id}`, `incident ${one.id.slice(-4)}, ${width} px`, 1);
}
const bar = page.getByRole('navigation', { name: 'Views' });
await page.setViewportSize({ width: 1280, height: 800 });
check((await bar.innerText()).includes('Settings') && !(await bar.innerText()).includes('Fleet'), 'without a fleet none is offered');

// What comes by the address: a link that somebody was sent.
for (const { name, text, bytes, repeat = '', times = 0 } of names) {
  const hostile = text ? encodeURIComponent(text + repeat.repeat(times)) : bytes.replaceAll(' ', '').replace(/../g, '%$&');
  for (const path of ['/incidents?q=', '/blocks?q=', '/logs?q=', '/settings?q=', '/scanners?since=', '/?window=', '/?range=', '/incidents/', '/nowhere/'])
    await view(path + hostile, `${path}<${name}>`, 0);
}

await page.goto(`${base}/audit`);
await settled(page);
check(dialogs.length === 0, `no dialog ${dialogs.join('; ')}`);
check(seen.foreign.length === 0, `no request to another host ${seen.foreign.join('; ')}`);
check(seen.errors.length === 0, `no errors ${seen.errors.slice(0, 5).join('; ')}`);
check((await context.cookies()).length === 1, 'no cookie but the session');
await browser.close();
finish();
