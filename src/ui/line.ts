/** Where a line goes: data and the story to stdout, warnings to stderr, the rest only into tmux. */
export type Line = { readonly to: 'out' | 'err'; readonly text: string };
