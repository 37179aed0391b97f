// Hostile text made harmless before anything shows it: control characters, invisible and bidirectional marks become visible escapes.
// The server escapes too; this is the second lock, in one place: every string of every answer passes here.

// C0/C1 controls but newline and tab; soft hyphen, Arabic letter mark, zero width, bidi embeddings, overrides, isolates, BOM, tags.
const HOSTILE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

export function neutral(text: string): string {
  return text.replace(HOSTILE, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`);
}

export function parseNeutral(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => (typeof value === 'string' ? neutral(value) : value));
}

// A part of an address, as it is when it was never encoded rightly.
export function decoded(part: string): string {
  try { return decodeURIComponent(part); } catch { return part; }
}
