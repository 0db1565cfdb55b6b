/** `auto`: by the linters that there are. `require`: a linter has to be there. `off`: not at all. */
export const lintModes = ['auto', 'require', 'off'] as const;
export type LintMode = (typeof lintModes)[number];
