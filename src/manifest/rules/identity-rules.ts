import correctLicense from 'spdx-correct';
import parseLicense from 'spdx-expression-parse';

import { isValidName } from '../../python/name.ts';
import { nameOf, type Finding } from '../finding.ts';
import type { ManifestPath } from '../places.ts';
import { commonParts, packageParts, problem, type Rule, type RuleInput } from './rule.ts';

/** Directories that hold other people's files: a package that owns one of them as its prefix would break machines. */
const sharedDirectories = new Set([
  '/',
  ...'bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var'
    .split(' ')
    .map((name) => `/${name}`),
  ...'bin include lib lib64 libexec local sbin share src'.split(' ').map((name) => `/usr/${name}`),
  ...'bin include lib sbin share'.split(' ').map((name) => `/usr/local/${name}`),
  ...'cache lib log opt run spool tmp'.split(' ').map((name) => `/var/${name}`),
]);

/** The prefix is a directory of the application's own, and goes into shebangs, which end at the first space. */
export const prefixIsOwnDirectory: Rule = ({ written: { prefix } }) => {
  if (prefix === undefined) return [];
  const path = ['prefix'];
  if (!prefix.startsWith('/'))
    return [problem(path, `prefix "${prefix}" must be an absolute path`, 'start it with "/"')];
  if (/\s/.test(prefix))
    return [problem(path, `prefix "${prefix}" must not contain spaces`, 'scripts could not name their interpreter')];
  if (prefix.split('/').includes('..')) return [problem(path, `prefix "${prefix}" must not contain ".."`)];
  const plain = prefix.replace(/\/+$/, '') || '/';
  if (sharedDirectories.has(plain)) {
    return [
      problem(
        path,
        `prefix "${prefix}" is a directory that other packages use`,
        'use one of its own, such as "/opt/<name>"',
      ),
    ];
  }
  if (!/^(?:\/[A-Za-z0-9_][A-Za-z0-9._+-]*)+$/.test(plain)) {
    return [
      problem(path, `prefix "${prefix}" must consist of letters, digits and ".", "_", "+", "-" between single slashes`),
    ];
  }
  return [];
};

/** PEP 508 names, which become part of package names. */
export const applicationNameIsValid: Rule = ({ written: { name } }) =>
  name === undefined || isValidName(name)
    ? []
    : [
        problem(
          ['name'],
          `name "${name}" is not the name of a Python project`,
          'use letters and digits, with ".", "_" or "-" between them',
        ),
      ];

/** Debian Policy 5.6.2 wants both; rpm's Packager is the same text. */
export const maintainerHasAddress: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings: { maintainer } }) => {
    if (maintainer === undefined || /^[^<>@,\n]*[^<>@,\s] <[^<>\s@]+@[^<>\s@]+>$/.test(maintainer)) return [];
    const message = maintainer.includes('@')
      ? `maintainer "${maintainer}" is not of the form "Name <address>"`
      : `maintainer "${maintainer}" has no address`;
    return [
      problem(
        [...path, 'maintainer'],
        message,
        'write "Name <address>", such as "Acme Packaging <packaging@example.com>"',
      ),
    ];
  });

/** Only a warning: packages for a company's own use carry what licence text they like. */
export const licenseIsSpdx: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings: { license } }): Finding[] => {
    if (license === undefined || isSpdxExpression(license)) return [];
    const near = correctLicense(license);
    const hint =
      near === null || near === license
        ? 'write an SPDX licence expression, or "LicenseRef-" and a word of your own'
        : `did you mean "${near}"?`;
    return [
      {
        severity: 'warning',
        path: [...path, 'license'],
        message: `license "${license}" is not an SPDX expression`,
        hint,
      },
    ];
  });

function isSpdxExpression(text: string): boolean {
  try {
    parseLicense(text);
    return true;
  } catch {
    return false;
  }
}

/** Texts that become one line of a control file or a spec: another line would be another field. */
export const headersAreOneLine: Rule = (input) =>
  headerTexts(input).flatMap(({ path, text }) =>
    text === undefined || !/[\u0000-\u001f\u007f]/.test(text)
      ? []
      : [problem(path, `${nameOf(path)} must be one line of text`)],
  );

interface HeaderText {
  readonly path: ManifestPath;
  readonly text: string | undefined;
}

function headerTexts({ written }: RuleInput): HeaderText[] {
  const { release } = written;
  return [
    ...commonParts(written).flatMap(({ path, settings }) => [
      ...(['vendor', 'license', 'url', 'summary'] as const).map((key) => ({
        path: [...path, key],
        text: settings[key],
      })),
      ...(['deb', 'rpm'] as const).map((key) => ({
        path: [...path, 'categories', key],
        text: settings.categories?.[key],
      })),
    ]),
    ...packageParts(written).map(({ path, settings }) => ({ path: [...path, 'summary'], text: settings.summary })),
    { path: ['release', 'name'], text: release?.name },
    ...(release?.channels ?? []).map((channel, index) => ({
      path: ['release', 'channels', index, 'name'],
      text: channel.name,
    })),
  ];
}

/** Home pages are links that people click. */
export const homePageIsUrl: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings: { url } }) =>
    url === undefined || /^https?:\/\/[^\s/@]+(?:[/?#]\S*)?$/.test(url)
      ? []
      : [
          problem(
            [...path, 'url'],
            '"url" must be the address of a web page, without credentials',
            'write "https://example.com/fleet"',
          ),
        ],
  );
