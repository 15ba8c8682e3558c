import { OperatorError } from '../model/errors.ts';
import type { SystemError } from './libc.ts';
import { driverOf } from './libc-sockets.ts';

/** Where a guard can sit. */
export type Hook = 'tcx' | 'native' | 'generic';
export type AttachMode = 'auto' | Hook;

export const HOOKS: readonly Hook[] = ['tcx', 'native', 'generic'];

/** Drivers of real NICs that keep their offloads under native XDP (docs/tested.md: not run on them). */
const XDP_DRIVERS = new Set([
  'bnxt_en',
  'i40e',
  'ice',
  'igb',
  'igc',
  'ixgbe',
  'mlx5_core',
  'nfp',
  'qede',
]);

/** The program's ELF section for a hook. */
export function sectionOf(hook: Hook): string {
  return hook === 'tcx' ? 'tcx/ingress' : 'xdp';
}

/** The hooks to try, in order, and why. */
export function plan(
  iface: string,
  mode: AttachMode,
  blocking: boolean,
  layer3: boolean,
): { order: Hook[]; why: string } {
  if (layer3 && mode !== 'tcx' && mode !== 'auto')
    throw new OperatorError(
      `${iface} has no Ethernet header, so XDP can't parse it`,
      'use --attach tcx',
    );
  if (mode !== 'auto') return { order: [mode], why: `--attach ${mode}` };
  if (layer3) return { order: ['tcx'], why: 'no Ethernet header' };
  const fallback: Hook[] = ['tcx', 'generic'];
  if (!blocking) return { order: fallback, why: 'watching only' };
  const device = driverOf(iface);
  if (device && device.bus !== '' && XDP_DRIVERS.has(device.driver))
    return { order: ['native', ...fallback], why: `driver ${device.driver} keeps its offloads` };
  return { order: fallback, why: 'native XDP would cost this link its large segments' };
}

/** Why a hook was refused, in words. */
export function reason(error: SystemError): string {
  switch (error.code) {
    case 'EBUSY':
    case 'EEXIST':
      return 'another XDP program holds the slot';
    case 'EINVAL':
      return 'this kernel or interface does not offer it (TCX needs 6.6)';
    case 'EOPNOTSUPP':
      return "the driver doesn't offer it";
    case 'ENODEV':
      return 'the interface is gone';
    case 'EPERM':
      return 'no permission (CAP_NET_ADMIN)';
    default:
      return error.code;
  }
}
