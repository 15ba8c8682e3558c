import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secretOf, syslogTarget, webhookUrl } from './alerts.ts';

describe('--webhook', () => {
  it('is an http or https URL; no error repeats it', () => {
    expect(webhookUrl('https://me:pass@example.com/x?y=z').href).toBe(
      'https://me:pass@example.com/x?y=z',
    );
    for (const bad of ['ftp://me:pass@example.com', 'file:///pass', 'pass', 'http://', ''])
      expect(() => webhookUrl(bad)).toThrow(/^--webhook: (?!.*pass)/);
  });
});

describe('--syslog', () => {
  it.each([
    ['/run/log', { by: 'unix', path: '/run/log' }],
    ['udp://log.example', { by: 'udp', host: 'log.example', port: 514 }],
    ['tcp://192.0.2.1:6514', { by: 'tcp', host: '192.0.2.1', port: 6514 }],
    ['udp://[2001:db8::1]:99', { by: 'udp', host: '2001:db8::1', port: 99 }],
  ])('%s', (text, target) => {
    expect(syslogTarget(text)).toEqual(target);
  });

  it.each([
    'log.example',
    'run/log',
    'udp://',
    'udp://a:0',
    'udp://a:65536',
    'tcp://a:b',
    'tls://a',
    'udp://me@a',
    'udp://a/b',
    'udp://2001:db8::1',
    '',
  ])('not %j', (text) => {
    expect(() => syslogTarget(text)).toThrow(/^--syslog/);
  });
});

describe('--webhook-secret-file', () => {
  it('is read without white space around it, and must hold something', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pw-secret-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'secret');
    expect(() => secretOf(path)).toThrow(/can't be read \(ENOENT\)/);
    writeFileSync(path, ' \n');
    expect(() => secretOf(path)).toThrow(/is empty/);
    writeFileSync(path, 'a b\n');
    expect(secretOf(path)).toBe('a b');
  });
});
