// Where the page is: a path and its query, in the address bar, so that every view can be linked to.
class Router {
  path = $state(location.pathname);
  query = $state(new URLSearchParams(location.search));

  constructor() {
    addEventListener('popstate', () => this.#read());
    // Ordinary links stay ordinary links: only a plain click on one of ours is answered here.
    addEventListener('click', (event) => {
      if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      const link = (event.target as Element | null)?.closest?.('a');
      if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin || link.pathname.startsWith('/api/') || link.pathname === '/metrics') return;
      if (link.hash && link.pathname === location.pathname) return;
      event.preventDefault();
      this.go(link.pathname + link.search);
    });
  }
  #read() {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }
  go(to: string, replace = false) {
    if (replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
    this.#read();
    if (!replace) {
      scrollTo(0, 0);
      requestAnimationFrame(() => document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true }));
    }
  }
  // Changes some of the query's values; an empty one is removed.
  set(values: Record<string, string>) {
    const query = new URLSearchParams(this.query);
    for (const [key, value] of Object.entries(values)) if (value) query.set(key, value); else query.delete(key);
    const text = query.toString();
    this.go(this.path + (text ? `?${text}` : ''), true);
  }
}
export const router = new Router();
