/** The calls of bpf(2) that we make, by what they act on; used as one namespace, `bpf`. */
export * from './bpf-link.ts';
export * from './bpf-map.ts';
export * from './bpf-program.ts';
