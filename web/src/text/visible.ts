/**
 * Text of strangers (process names, SNI, DNS) as it may be shown: preact makes it text, never markup; this makes what
 * has no shape of its own, or changes that of its neighbours, visible.
 */
export function visible(text: string): string {
  return SHAPELESS.test(text) ? text.replace(new RegExp(SHAPELESS, 'gu'), escapeOf) : text;
}

/** Controls, formats (zero width, bidi), separators of lines, private use, unassigned, half surrogates. */
const SHAPELESS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;

function escapeOf(character: string): string {
  const code = character.codePointAt(0)!;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}
