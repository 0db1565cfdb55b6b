import type { BytecodePolicy } from '../packages/definition.ts';
import type { TmpfilesDirectory } from '../packages/integration/tmpfiles.ts';
import { octalMode, type ShellStep } from '../packages/scripts.ts';
import { groupsOf, renderServiceStep, sysusersCommand } from './services/steps.ts';
import { quoteShell } from './quote-shell.ts';
import { renderTemplate } from './templates.ts';

/** Up to Python 3.1 bytecode lies beside its module; later ones put it into `__pycache__` (PEP 3147). */
function isLegacy(minor: string): boolean {
  return /^(2\.\d+|3\.[01])$/.test(minor);
}

function bytecodeValues(bytecode: BytecodePolicy): Readonly<Record<string, unknown>> {
  return { bytecode, legacy: isLegacy(bytecode.minor), cacheTag: `cpython-${bytecode.minor.replace('.', '')}` };
}

/** Directories with their modes as shell text. */
function directoryValues(directories: readonly TmpfilesDirectory[]): readonly Readonly<Record<string, string>>[] {
  return directories.map((each) => ({ ...each, mode: octalMode(each.mode) }));
}

/** A hook's text as scripts have it. */
export function fragmentText(text: string): string {
  return text.replace(/\r\n/g, '\n').trimEnd();
}

function renderStep(step: ShellStep): string {
  const template = `spec-templates/shell/${step.kind}.ejs`;
  switch (step.kind) {
    case 'fragment':
      return renderTemplate(template, { text: fragmentText(step.text) }, quoteShell);
    case 'compile-bytecode':
    case 'discard-bytecode':
    case 'remove-leftovers':
    case 'remove-prefix':
      return renderTemplate(template, bytecodeValues(step.bytecode), quoteShell);
    case 'after-configuration':
      return renderTemplate(
        template,
        { marker: step.marker, first: renderSteps(step.first), again: renderSteps(step.again) },
        quoteShell,
      );
    case 'apply-owners':
      return renderTemplate(template, { entries: step.entries }, quoteShell);
    case 'create-accounts':
      return renderTemplate(
        template,
        { accounts: step.accounts, groups: groupsOf(step.accounts), sysusers: sysusersCommand(step.accounts) },
        quoteShell,
      );
    case 'purge-directories':
      return renderTemplate(template, { name: step.name, paths: step.paths, parents: step.parents }, quoteShell);
    case 'services':
      return renderServiceStep(step);
    case 'mark-installation':
    case 'forget-installation':
      return renderTemplate(template, { marker: step.marker }, quoteShell);
    case 'create-tmpfiles':
      return renderTemplate(template, { ...step, directories: directoryValues(step.directories) }, quoteShell);
    case 'create-directories':
    case 'remove-tmpfiles':
      return renderTemplate(template, { directories: directoryValues(step.directories) }, quoteShell);
    case 'reload-rsyslog':
    case 'reload-firewalld':
      return renderTemplate(template, {}, quoteShell);
  }
}

/** A fragment may hold here-documents, whose lines are not ours to move. */
function isIndentable({ kind }: ShellStep): boolean {
  return kind !== 'fragment' && kind !== 'after-configuration';
}

/**
 * The shell text of the steps, ending with a line end; an empty text when there are none.
 * @param indentation of the lines that are ours
 */
export function renderSteps(steps: readonly ShellStep[], indentation = ''): string {
  return steps
    .map((step) => {
      const text = renderStep(step);
      return isIndentable(step) ? text.replace(/^(?=.)/gm, indentation) : text;
    })
    .join('');
}
