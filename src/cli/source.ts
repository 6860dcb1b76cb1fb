/** A source of options besides the command line, and what all of them have. */
import type { Option } from 'commander';
import { usage } from '../domain/failure.ts';

export interface Source {
  /** commander's name for it. */
  readonly name: string;
  /** Its value for an option; `undefined` if it has none. @throws Refusal `usage` for an invalid value */
  readonly settingFor: (option: Option) => unknown;
  /**
   * Refuses anything in it that is not an option: whoever set it believes that it protects them.
   * @param options of the command
   * @param all every option of the program
   * @throws Refusal `usage`
   */
  readonly refuseUnknown: (
    options: readonly Option[],
    all: () => Promise<readonly Option[]>,
  ) => Promise<void>;
}

/** Whether a source may set it. */
export function isSettable({ hidden, long }: Option): boolean {
  return !hidden && long !== undefined && long !== '--version';
}

/**
 * An option's value from text.
 * @param name what the source calls it, for the message
 * @returns `undefined` for the "no" of an option whose value is optional
 * @throws Refusal `usage`
 */
export function settingFrom(option: Option, text: string, name: string): string | boolean | undefined {
  if (option.required) return text;
  if (/^(1|true|yes|on)$/i.test(text)) return option.optional ? '' : true;
  if (/^(0|false|no|off)$/i.test(text)) return option.optional ? undefined : false;
  return option.optional ? text : usage(`${name} is ${JSON.stringify(text)}`, 'set it to yes or no');
}

/** The same, as the option's own parser reads it. */
export function parsed(option: Option, value: string | boolean | undefined): unknown {
  return option.parseArg && typeof value === 'string' ? option.parseArg(value, undefined) : value;
}
