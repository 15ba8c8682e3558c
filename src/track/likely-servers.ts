/**
 * Ports at which a server is likely to listen: where the first packet of a connection comes from one of them, and not
 * to one, its begin was not captured. As Zeek's likely_server_ports, which its protocols fill.
 */
const TCP = [
  21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 465, 502, 514, 563, 585, 587, 614,
  631, 636, 989, 990, 992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5223,
  5269, 5432, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000,
];

const UDP = [
  53, 67, 88, 123, 137, 161, 162, 389, 443, 514, 1812, 2123, 2152, 3389, 3544, 4011, 4754, 4789,
  5060, 5072, 5353, 5355, 6081, 20000,
];

export const isTcpServer: (port: number) => boolean = among(TCP);
export const isUdpServer: (port: number) => boolean = among(UDP);

function among(ports: readonly number[]): (port: number) => boolean {
  const bits = new Uint8Array(8192);
  for (const port of ports) bits[port >> 3]! |= 1 << (port & 7);
  return (port) => (bits[port >> 3]! & (1 << (port & 7))) !== 0;
}
