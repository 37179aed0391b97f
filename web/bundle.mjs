// Packs the built page into one file for the binary: each file as it is, gzip and brotli, whichever is smaller than the plain one.
// usage: node bundle.mjs FOLDER BUNDLE
// Format (src/web/assets.cpp reads it): lines "path type etag encoding size", an empty line, then the bytes of all, in this order.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const TYPES = { html: 'text/html;charset=utf-8', js: 'text/javascript;charset=utf-8', css: 'text/css;charset=utf-8', svg: 'image/svg+xml', woff2: 'font/woff2', json: 'application/json', txt: 'text/plain;charset=utf-8' };
const [folder, bundle] = process.argv.slice(2);
const head = [], bodies = [];
let compressed = 0;
for (const name of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => join(e.parentPath ?? e.path, e.name)).sort()) {
  const path = name.slice(folder.length).replace(/^\/?/, '/');
  const type = TYPES[path.split('.').at(-1)];
  if (!type || /\s/.test(path)) throw new Error(`${path}: a kind of file that the page does not have`);
  const plain = readFileSync(name);
  const etag = createHash('sha256').update(plain).digest('hex').slice(0, 20);
  const add = (encoding, bytes) => { head.push(`${path} ${type} ${etag} ${encoding} ${bytes.length}`); bodies.push(bytes); };
  add('identity', plain);
  if (type.startsWith('font/')) { compressed += plain.length; continue; }
  const gzip = gzipSync(plain, { level: 9 }), brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } });
  if (gzip.length < plain.length) add('gzip', gzip);
  if (brotli.length < plain.length) add('br', brotli);
  compressed += Math.min(plain.length, gzip.length);
}
const limit = 300_000; // issue: the page stays under 300 kB compressed
if (compressed > limit) throw new Error(`the page is ${compressed} bytes compressed, more than ${limit}`);
writeFileSync(bundle, Buffer.concat([Buffer.from(head.join('\n') + '\n\n'), ...bodies]));
