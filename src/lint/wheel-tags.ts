import type { Linter } from '../model/format.ts';

/** Tags of each linter. */
export type LinterTags = Partial<Readonly<Record<Linter, readonly string[]>>>;

/*
 * What linters say of files that wheels bring as their projects made them. They are no business of packaging: to change
 * the files would make RECORD untrue and the application another one than was tested. Permissions, owners, scripts of
 * the package and its fields are not among them.
 */

/** Of programs and libraries: how they were compiled and linked. */
export const compiledTags = {
  lintian: [
    ...['unstripped-binary-or-object', 'shared-library-is-executable', 'hardening-no-relro'],
    ...['library-not-linked-against-libc', 'shared-library-lacks-prerequisites', 'custom-library-search-path'],
    ...['shared-library-lacks-stack-section', 'executable-stack-in-shared-library', 'statically-linked-binary'],
    ...['specific-address-in-shared-library', 'embedded-library'],
  ],
  rpmlint: [
    ...['unstripped-binary-or-object', 'binary-or-shlib-defines-rpath', 'library-not-linked-against-libc'],
    ...['shared-library-without-dependency-information', 'no-soname', 'invalid-soname', 'shlib-with-non-pic-code'],
    ...['executable-stack', 'missing-PT_GNU_STACK-section', 'statically-linked-binary', 'lto-bytecode'],
    ...['position-independent-executable-suggested', 'non-position-independent-executable'],
    ...['binary-or-shlib-calls-gethostbyname', 'call-to-mktemp', 'missing-call-to-chdir-with-chroot'],
    ...['missing-call-to-setgroups-before-setuid', 'crypto-policy-non-compliance-openssl'],
    ...['undefined-non-weak-symbol', 'unused-direct-shlib-dependency'],
  ],
} as const satisfies LinterTags;

/** Of static libraries. */
export const archiveTags = {
  lintian: ['unstripped-static-library', 'no-code-sections'],
  rpmlint: ['static-library-without-debuginfo', 'static-library-without-symtab', 'lto-no-text-in-archive'],
} as const satisfies LinterTags;

/** Of modules, templates and scripts that nobody runs as programs. */
export const moduleTags = {
  lintian: [
    ...['script-not-executable', 'executable-not-elf-or-script', 'python3-script-but-no-python3-dep'],
    ...['missing-dep-for-interpreter', 'shell-script-fails-syntax-check', 'csh-considered-harmful'],
  ],
  rpmlint: [
    ...['non-executable-script', 'env-script-interpreter', 'zero-length', 'spurious-executable-perm'],
    ...['script-without-shebang', 'wrong-file-end-of-line-encoding', 'incorrect-fsf-address', 'pem-certificate'],
  ],
} as const satisfies LinterTags;
