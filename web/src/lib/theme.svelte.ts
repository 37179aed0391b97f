// Light, dark, or what the system says; charts read their colours from the same variables and redraw when they change.
type Choice = 'system' | 'light' | 'dark';
const kept = (() => { try { return localStorage.getItem('theme'); } catch { return null; } })();

class Theme {
  choice = $state<Choice>(kept === 'light' || kept === 'dark' ? kept : 'system');
  version = $state(0); // rises with each change of colours
  constructor() {
    this.apply();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { ++this.version; });
  }
  get dark() {
    return this.choice === 'dark' || (this.choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  }
  toggle() {
    this.choice = this.dark ? 'light' : 'dark';
    try { localStorage.setItem('theme', this.choice); } catch { /* private windows keep nothing */ }
    this.apply();
    ++this.version;
  }
  apply() {
    if (this.choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.choice;
  }
}
export const theme = new Theme();
export const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
