import { expect, test } from 'vitest';
import { resetOf } from '../../providers/status.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const epoch = (iso: string) => String(Date.parse(iso) / 1000);

test.each<[string, Record<string, string>, string | undefined]>([
  [
    'GitHub, epoch seconds',
    { 'x-ratelimit-reset': epoch('2026-01-02T03:34:05Z') },
    '2026-01-02T03:34:05.000Z',
  ],
  ['GitLab, epoch seconds', { 'ratelimit-reset': epoch('2026-01-02T03:05:00Z') }, '2026-01-02T03:05:00.000Z'],
  ['seconds from now', { 'retry-after': '90' }, '2026-01-02T03:05:35.000Z'],
  ['a date', { 'retry-after': 'Fri, 02 Jan 2026 04:00:00 GMT' }, '2026-01-02T04:00:00.000Z'],
  [
    'retry-after before reset',
    { 'retry-after': '60', 'x-ratelimit-reset': epoch('2026-01-02T04:00:00Z') },
    '2026-01-02T03:05:05.000Z',
  ],
  [
    'broken retry-after, sound reset',
    { 'retry-after': '-1e99', 'x-ratelimit-reset': epoch('2026-01-02T04:00:00Z') },
    '2026-01-02T04:00:00.000Z',
  ],
  ['long past', { 'x-ratelimit-reset': '0' }, undefined],
  ['in a month', { 'x-ratelimit-reset': epoch('2026-02-02T00:00:00Z') }, undefined],
  ['no number', { 'x-ratelimit-reset': '\x1b[2J' }, undefined],
  ['no header', {}, undefined],
])('%s', (_, headers, expected) => {
  expect(resetOf(new Map(Object.entries(headers)), now)?.toISOString()).toBe(expected);
});
