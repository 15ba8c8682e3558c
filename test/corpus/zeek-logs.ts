/**
 * What Zeek's own logs (testing/btest/Baseline in its repository) say of connections in its captures.
 * The addresses of a request or hello come first.
 */
import type { Metadata } from '../../src/model/metadata.ts';

export const ZEEK_LOGS: readonly (readonly [
  path: string,
  originator: string,
  responder: string,
  Metadata,
])[] = [
  [
    'zeek/pcap/http/get.pcap',
    '141.142.228.5:59856',
    '192.150.187.43:80',
    {
      http: {
        method: 'GET',
        host: 'bro.org',
        target: '/download/CHANGES.bro-aux.txt',
        userAgent: 'Wget/1.14 (darwin12.2.0)',
        status: 200,
      },
    },
  ],
  [
    'zeek/pcap/http/100-continue.pcap',
    '192.168.3.103:54102',
    '128.146.216.51:80',
    {
      http: {
        method: 'POST',
        host: 'www.osu.edu',
        target: '/',
        userAgent: 'curl/7.17.1 (i386-apple-darwin8.11.1) libcurl/7.17.1 zlib/1.2.3',
        status: 200,
      },
    },
  ],
  [
    'zeek/pcap/http/deeply-nested-mime.pcap',
    '127.0.0.1:48724',
    '127.0.0.1:8080',
    {
      http: {
        method: 'POST',
        host: 'localhost:8080',
        target: '/',
        userAgent: 'python-requests/2.25.1',
        status: 501,
      },
    },
  ],
  [
    'zeek/pcap/http/http-11-request-then-cruft.pcap',
    '192.168.12.5:51792',
    '192.0.78.212:80',
    { http: { method: 'GET', host: 'zeek.org', target: '/', status: 301 } },
  ],
  [
    'zeek/pcap/http/http-single-conn-22.pcap',
    '10.0.0.1:51889',
    '192.168.0.1:22',
    { http: { method: 'GET', target: '/', status: 200 } },
  ],
  [
    'zeek/pcap/http/content-range-less-than-len.pcap',
    '127.0.0.1:58128',
    '127.0.0.1:80',
    {
      http: {
        method: 'GET',
        host: 'localhost',
        target: '/',
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:52.0) Gecko/20100101 Firefox/52.0',
        status: 206,
      },
    },
  ],
  [
    'zeek/pcap/tls/dhe.pcap',
    '192.168.18.50:62277',
    '162.219.2.166:443',
    { tls: { version: 'TLSv12' } },
  ],
  [
    'zeek/pcap/tls/tls13-ech.pcap',
    '192.168.20.65:51066',
    '162.159.138.85:443',
    { tls: { version: 'TLSv13', serverName: 'cloudflare-ech.com' } },
  ],
  [
    'zeek/pcap/tls/google-cert-repeat.pcap',
    '167.71.55.249:37688',
    '142.250.179.196:443',
    { tls: { version: 'TLSv12', serverName: 'www.google.com' } },
  ],
  [
    'zeek/pcap/tls/missing-intermediate.pcap',
    '192.168.4.149:58529',
    '128.32.169.140:443',
    { tls: { version: 'TLSv10' } },
  ],
  [
    'zeek/pcap/tls/chrome-63.0.3211.0-canary-tls_experiment.pcap',
    '192.168.0.2:62873',
    '104.196.219.53:443',
    { tls: { version: 'unknown-32257', serverName: 'tls.ctf.network' } },
  ],
  [
    'zeek/pcap/tls/tls13draft16-chrome55.0.2879.0-canary-aborted.pcap',
    '192.168.6.203:53226',
    '52.32.149.186:443',
    { tls: { serverName: 'tls13.crypto.mozilla.org' } },
  ],
  [
    'zeek/pcap/ssh/ssh.client-side-half-duplex.pcap',
    '192.168.1.79:51880',
    '131.159.21.1:22',
    { ssh: { client: 'SSH-2.0-OpenSSH_5.9' } },
  ],
  [
    'zeek/pcap/ssh/ssh.client-side-half-duplex.pcap',
    '192.168.2.1:57191',
    '192.168.2.158:22',
    { ssh: { client: 'SSH-1.5-OpenSSH_6.2' } },
  ],
  [
    'zeek/pcap/dnssec/nsec3.pcap',
    '192.168.1.102:49324',
    '192.168.1.1:53',
    { dns: [{ id: 9835, query: 'foobar.sshfp.net', type: 'A', rcode: 'NXDOMAIN' }] },
  ],
  [
    'zeek/pcap/dnssec/dnskey.pcap',
    '192.168.153.129:50729',
    '192.168.153.2:53',
    { dns: [{ id: 22666, query: 'upenn.edu', type: 'DNSKEY', rcode: 'NOERROR' }] },
  ],
  [
    'zeek/pcap/dns-zero-RRs.pcap',
    '10.0.0.64:49204',
    '146.186.163.66:53',
    { dns: [{ id: 17323, query: 'psu.edu', type: 'AAAA', rcode: 'NOERROR' }] },
  ],
  [
    'zeek/pcap/dns/dns_notify2.pcap',
    '203.0.113.82:57394',
    '203.0.113.22:53',
    { dns: [{ id: 20785, query: 'dhcp.lbnl.us', type: 'SOA', rcode: 'REFUSED' }] },
  ],
  [
    'zeek/pcap/dns/loc-29-trunc.pcap',
    '79.141.82.250:57483',
    '192.188.22.52:53',
    { dns: [{ id: 33295, query: 'sunn-pt1.es.net', type: 'ANY', rcode: 'NOERROR' }] },
  ],
];
