// The page's build: one folder of hashed files that src/web embeds. Nothing in it names another host.
import { defineConfig } from 'vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    outDir: process.env.SEKISHO_PAGE_OUT ?? '../build/page',
    emptyOutDir: true,
    assetsDir: 'assets',
    assetsInlineLimit: 0, // the policy allows no data: URLs
    modulePreload: { polyfill: false }, // the polyfill would be an inline script
    reportCompressedSize: false,
    rollupOptions: { output: { entryFileNames: 'assets/[name]-[hash].js', chunkFileNames: 'assets/[name]-[hash].js', assetFileNames: 'assets/[name]-[hash][extname]' } },
  },
  // `npm run dev` beside a running `sekisho web`.
  server: { proxy: { '/api': process.env.SEKISHO_WEB ?? 'http://127.0.0.1:8470' } },
  logLevel: 'warn',
});
