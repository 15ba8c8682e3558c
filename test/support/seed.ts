/**
 * Properties are tried with the same values in every run, so that a failure comes with the change that made it.
 * PACKETWATCH_SEED=N tries others.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['PACKETWATCH_SEED'] ?? 1) });
