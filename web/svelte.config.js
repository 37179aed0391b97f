// Styles stand in files of their own: the policy allows no inline ones.
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';
export default { preprocess: vitePreprocess(), compilerOptions: { css: 'external' } };
