// The verdict in words: one for the label, one sentence for the head. Built from the incident, so that sizes and times are those of the page.
import { pps, times } from './format';
import type { Incident, Severity, Standing, Status } from './types';

export interface Words { tone: Severity | 'ok'; word: string; sentence: string; also: string }

const TONES: Record<Standing, Severity | 'ok'> = { taking_part: 'critical', attacked: 'critical', guessed: 'high', scanned: 'low', noted: 'info', quiet: 'ok' };

const target = (i: Incident) => (i.subject === 'host' ? '' : ` against ${i.subject}`);
function size(i: Incident): string {
  if (i.peak_pps <= 0) return '';
  const factor = i.normal_pps > 0 ? i.peak_pps / i.normal_pps : 0;
  return `, ${pps(i.peak_pps)}${factor >= 1.5 ? `, ${times(factor)} normal` : ''}`;
}
function more(n: number, what: string): string {
  return n > 0 ? `${n === 1 ? 'One more incident is' : `${n} more incidents are`} ${what}.` : '';
}

export function words(status: Status): Words {
  const { verdict, agent } = status;
  if (!agent.running) {
    const left = verdict.others.length + (verdict.incident ? 1 : 0);
    return {
      tone: 'high', word: 'Not watching', sentence: 'Nothing is watched: the agent is not running.',
      also: left ? `When it stopped, ${left === 1 ? 'one incident was' : `${left} incidents were`} going on.` : '',
    };
  }
  const incident = verdict.incident, tone = TONES[verdict.standing] ?? 'info';
  const also = more(verdict.others.length, 'going on');
  if (!incident) return { tone: 'ok', word: 'Quiet', sentence: 'Nothing attacks this server, and it attacks nobody.', also: '' };
  switch (verdict.standing) {
    case 'taking_part':
      return { tone, word: 'Taking part', sentence: `This server is taking part in an attack: ${incident.title}${size(incident)}.`, also };
    case 'attacked':
      return { tone, word: 'Under attack', sentence: `${incident.title}${target(incident)}${size(incident)}.`, also };
    case 'guessed':
      return { tone, word: 'Logins are being guessed', sentence: `${incident.title}${target(incident)}.`, also };
    case 'scanned':
      return { tone, word: 'Scanned, not attacked', sentence: `${incident.title}${target(incident)}.`, also };
    default:
      return { tone, word: 'Worth a look', sentence: `${incident.title}${target(incident)}${size(incident)}.`, also };
  }
}
