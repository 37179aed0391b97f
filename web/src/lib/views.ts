// The views: path, name, key of the keyboard, icon; the wide ones are loaded when they are first opened.
import type { Component } from 'svelte';
import Activity from '@lucide/svelte/icons/activity';
import ArrowLeftRight from '@lucide/svelte/icons/arrow-left-right';
import ClipboardCheck from '@lucide/svelte/icons/clipboard-check';
import Radar from '@lucide/svelte/icons/radar';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import Server from '@lucide/svelte/icons/server';
import ShieldBan from '@lucide/svelte/icons/shield-ban';
import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import Now from '../views/Now.svelte';

type Loader = () => Promise<{ default: Component }>;
export interface View { path: string; name: string; key: string; icon: Component<{ size?: number; strokeWidth?: number }>; load: Loader }

export const VIEWS: View[] = [
  { path: '/', name: 'Now', key: 'n', icon: Activity, load: async () => ({ default: Now }) },
  { path: '/incidents', name: 'Incidents', key: 'i', icon: TriangleAlert, load: () => import('../views/Incidents.svelte') },
  { path: '/scanners', name: 'Scanners', key: 's', icon: Radar, load: () => import('../views/Scanners.svelte') },
  { path: '/connections', name: 'Connections', key: 'c', icon: ArrowLeftRight, load: () => import('../views/Connections.svelte') },
  { path: '/logs', name: 'Logs', key: 'l', icon: ScrollText, load: () => import('../views/Logs.svelte') },
  { path: '/blocks', name: 'Blocks', key: 'b', icon: ShieldBan, load: () => import('../views/Blocks.svelte') },
  { path: '/audit', name: 'Audit', key: 'a', icon: ClipboardCheck, load: () => import('../views/Audit.svelte') },
  { path: '/settings', name: 'Settings', key: 'e', icon: SlidersHorizontal, load: () => import('../views/Settings.svelte') },
];
export const FLEET: View = { path: '/fleet', name: 'Fleet', key: 'f', icon: Server, load: () => import('../views/Fleet.svelte') };
const INCIDENT: Loader = () => import('../views/Incident.svelte');
const ADDRESS: Loader = () => import('../views/Address.svelte');
const NOWHERE: Loader = () => import('../views/Nowhere.svelte');

export function loaderOf(path: string): Loader {
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path;
  if (/^\/incidents\/[^/]+$/.test(plain)) return INCIDENT;
  if (plain === '/address') return ADDRESS;
  return [...VIEWS, FLEET].find((v) => v.path === plain)?.load ?? NOWHERE;
}
