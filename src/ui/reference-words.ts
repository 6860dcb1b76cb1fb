import { printable } from '../domain/text.ts';

/** A reference, with the host that its keys come from if the environment has chosen another than the forge's own. */
export function referenceWords({
  text,
  from,
}: {
  readonly text: string;
  readonly from?: string | undefined;
}): string {
  return `${printable(text)}${from === undefined ? '' : ` at ${printable(from)}`}`;
}
