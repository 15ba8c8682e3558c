import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OperatorError, shortage } from '../model/errors.ts';
import { VerifierError } from './bpf.ts';
import { isFiltered, requireCapabilities } from './capabilities.ts';
import { SystemError } from './libc.ts';

/** Path of a compiled BPF object. */
export function objectPath(name: string): string {
  return fileURLToPath(new URL(`../../dist/bpf/${name}.bpf.o`, import.meta.url));
}

/** Are the compiled BPF objects there? They are built by `make` and shipped in the package. */
export function requireObjects(): void {
  for (const name of ['guard', 'sockets'])
    if (!existsSync(objectPath(name)))
      throw new OperatorError(
        `the BPF object ${name}.bpf.o was not built`,
        'install clang and run `make build`',
      );
}

/** What the operator can do about a refusal. */
export function explained(error: unknown): unknown {
  if (!(error instanceof SystemError)) return error;
  if (error.code === 'EMFILE' || error.code === 'ENFILE') return shortage(error);
  if (error instanceof VerifierError && error.said !== '' && error.code !== 'ENOMEM')
    return new OperatorError(
      `this kernel's verifier refused ${error.call.split(' ').at(-1)}: ${error.said}`,
      '`--source proc` works anywhere; please report it with the output of --debug',
      { cause: error },
    );
  const options = { cause: error };
  if (error.code === 'EPERM' || error.code === 'EACCES') return refusal(error);
  if (error.code === 'ENOMEM' || error.code === 'ENOSPC')
    return new OperatorError(
      `no memory for the tables (${error.call})`,
      'about 40 MiB are needed: raise the limit (MemoryMax= of its service, memory.max), or free some',
      options,
    );
  if (error.code === 'EINVAL' || error.code === 'ENOSYS' || error.code === 'E2BIG')
    return new OperatorError(
      `this kernel is too old or was built without a part that is needed (${error.message})`,
      'Linux 5.17 or later; `--source proc` works anywhere',
      options,
    );
  return error;
}

/** Which right is missing; with all of them something else than capabilities says no. */
function refusal(cause: SystemError): unknown {
  try {
    requireCapabilities();
  } catch (missing) {
    return missing;
  }
  const [by, mend] = isFiltered()
    ? ['perhaps a seccomp filter', "let the container's or unit's filter pass bpf"]
    : [
        'a security module or a user namespace',
        'run where the host itself gives the capabilities, or use --source proc',
      ];
  return new OperatorError(
    `no permission to use BPF (${cause.call}), though no capability is missing: ${by} refuses it`,
    mend,
    { cause },
  );
}
