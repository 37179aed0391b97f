// The REST interface (docs/rest.md). Every answer's strings are neutralised; every failure becomes a sentence that can be shown.
import { parseNeutral } from './text';

export class Failure extends Error {
  constructor(public status: number, message: string, public hint = '') { super(message); }
}

export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}`, {
      method, signal: signal ?? AbortSignal.timeout(20_000), credentials: 'same-origin', cache: 'no-store',
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new Failure(0, 'The dashboard does not answer.', 'Is `sekisho web` running? Is the network up?');
  }
  const text = await response.text();
  let document: unknown;
  try { document = text ? parseNeutral(text) : null; } catch { throw new Failure(response.status, 'The dashboard sent an answer that is no JSON.'); }
  if (!response.ok) {
    const error = (document as { error?: { message?: string; hint?: string } } | null)?.error;
    if (response.status === 401 && path !== 'login') dispatchEvent(new CustomEvent('signed-out'));
    throw new Failure(response.status, error?.message ?? `The dashboard answered ${response.status}.`, error?.hint ?? '');
  }
  return document as T;
}
export const get = <T>(path: string, signal?: AbortSignal) => call<T>('GET', path, undefined, signal);
export const post = <T>(path: string, body: unknown = {}) => call<T>('POST', path, body);

// "?a=1&b=2" of what is set.
export function search(values: Record<string, string | number | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value !== null && value !== undefined && value !== '') query.set(key, String(value));
  const text = query.toString();
  return text ? `?${text}` : '';
}
