import { readFileSync } from 'node:fs';

import ejs, { type TemplateFunction } from 'ejs';

/** Coachbuilder's own root: `src/formats/` and `dist/formats/` are equally deep. */
const packageRoot = new URL('../../', import.meta.url);

/** Turns a value into the text that stands for it in one format. */
export type Escape = (text: string) => string;

const compiled = new Map<Escape, Map<string, TemplateFunction>>();

function compileTemplate(template: string, escape: Escape): TemplateFunction {
  return ejs.compile(readFileSync(new URL(template, packageRoot), 'utf8'), {
    strict: true,
    // EJS copies what it is given, but not what lies below: `it` stays the guarded object.
    localsName: 'locals',
    destructuredLocals: ['it'],
    // An error for people keeps its own message; EJS would put lines of the template before it.
    compileDebug: false,
    escape(value: unknown) {
      if (typeof value === 'string') return escape(value);
      if (typeof value === 'number') return escape(String(value));
      throw new Error(`Internal error: ${template} prints something that is no text: ${String(value)}`);
    },
  });
}

/** EJS prints nothing for what is not there; a package must not be built of holes. */
function strictly(values: Readonly<Record<string, unknown>>, template: string): Readonly<Record<string, unknown>> {
  return new Proxy(values, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (value === undefined) throw new Error(`Internal error: ${template} uses ${String(key)}, which has no value`);
      return value;
    },
  });
}

/**
 * Renders a text template of `spec-templates/` or `release-packaging/`; the values are its `it`.
 *
 * EJS escapes for HTML by default; here `<%= %>` escapes for the format of the text, which the caller names, and
 * undefined is an error. `<%- %>` is for text that is rendered already.
 * @param template path below Coachbuilder's root, such as `spec-templates/deb/control.ejs`
 */
export function renderTemplate(template: string, values: Readonly<Record<string, unknown>>, escape: Escape): string {
  const ofEscape = compiled.get(escape) ?? new Map<string, TemplateFunction>();
  compiled.set(escape, ofEscape);
  const render = ofEscape.get(template) ?? compileTemplate(template, escape);
  ofEscape.set(template, render);
  return render({ it: strictly(values, template) });
}

/** The text of a file of `spec-templates/` that is used as it is. */
export function readTemplate(template: string): string {
  return readFileSync(new URL(template, packageRoot), 'utf8');
}
