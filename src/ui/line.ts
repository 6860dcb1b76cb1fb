/** Where a line goes: data and the story to stdout, warnings to stderr, the rest into tmux alone. */
export type Line = { readonly to: 'out' | 'err'; readonly text: string };
