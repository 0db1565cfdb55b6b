import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readWheelLicenses, type LicenseFile } from '../application/wheel-licenses.ts';
import { normalizeName } from '../python/name.ts';
import { unknownLicense } from '../manifest/derive.ts';
import type { BillOfMaterials, Component } from '../sbom/bill.ts';
import { licenseOf, type License } from '../sbom/license.ts';
import { distributionId, interpreterId } from '../sbom/take-stock.ts';
import { mapConcurrently } from '../system/files.ts';
import type { Tree } from '../tree/tree.ts';
import type { WheelFile } from '../wheelhouse/wheelhouse.ts';
import { takeStatements } from './copyright-holders.ts';
import { decodeText } from './decode.ts';
import { filePatterns } from './file-patterns.ts';

/** What is known about the rights in one part of a package. */
export interface Notice {
  /** Normalized (PEP 503) name; `cpython` for an interpreter. */
  readonly name: string;
  readonly version: string;
  readonly kind: Component['kind'];
  readonly license: License;
  /** Statements of copyright, a line each, as its licence files have them; empty when they have none. */
  readonly statements: readonly string[];
  /** Whom its metadata names as author; no statement of copyright. */
  readonly author: string | undefined;
  readonly homepage: string | undefined;
  readonly texts: readonly LicenseFile[];
  /** Where it lies: patterns of the copyright format, paths from the root; empty when it is everything that is not another's. */
  readonly files: readonly string[];
}

/** The rights in a main package. */
export interface Notices {
  readonly application: Notice;
  /** Sorted by name; the interpreter last. */
  readonly bundled: readonly Notice[];
}

/** Fedora's licence of CPython as a whole (python3.12.spec): the stack of licences that its LICENSE file holds. */
const pythonLicense: License = { kind: 'spdx', expression: 'Python-2.0.1' };

function noticeOf(component: Component, texts: readonly LicenseFile[], files: readonly string[]): Notice {
  const { author, homepage, kind, license, name, version } = component;
  const statements = texts.flatMap(({ bytes }) => takeStatements(decodeText(bytes)).statements);
  return {
    name: normalizeName(name),
    version,
    kind,
    license,
    statements: [...new Set(statements)],
    author,
    homepage,
    texts,
    files,
  };
}

/** The licence that the manifest or the metadata has for the application. */
export function statedLicense(text: string): License {
  return text === unknownLicense ? { kind: 'unknown' } : licenseOf(text);
}

/** The licence of a bundled interpreter, which its archive has beside the standard library. */
async function interpreterNotice(component: Component, tree: Tree): Promise<Notice> {
  const home = `${tree.prefix}/python`;
  const found = tree.entries.filter(
    ({ kind, path }) => kind === 'file' && path.startsWith(`${home}/`) && /\/LICENSE(?:\.[a-z]+)*$/i.test(path),
  );
  const own = found.filter(({ path }) => !path.includes('/site-packages/'));
  const texts = await Promise.all(
    own.map(async ({ path }) => ({
      name: path.slice(home.length + 1),
      bytes: await readFile(join(tree.root, path)),
    })),
  );
  return noticeOf({ ...component, license: pythonLicense }, texts, [`${home.slice(1)}/*`]);
}

/**
 * Collects what the parts of a main package say about the rights in them.
 * @param bill of the package
 * @param license of the application, as the manifest or its metadata has it
 * @throws CoachbuilderError `wheel-invalid`
 */
export async function collectNotices(
  bill: BillOfMaterials,
  { wheels, tree, license }: { readonly wheels: readonly WheelFile[]; readonly tree: Tree; readonly license: string },
): Promise<Notices> {
  const byId = new Map(bill.components.map((component) => [component.id, component]));
  const patterns = filePatterns(tree);
  const notices = await mapConcurrently(wheels, 4, async (wheel) => {
    const name = normalizeName(wheel.name);
    const component = byId.get(distributionId(name));
    if (component === undefined) throw new Error(`Internal error: the bill of materials lacks ${name}`);
    const texts = await readWheelLicenses(wheel.path);
    const isApplication = component.kind === 'application';
    return noticeOf(
      isApplication ? { ...component, license: statedLicense(license) } : component,
      texts,
      isApplication ? [] : (patterns.get(name) ?? []),
    );
  });
  const application = notices.find(({ kind }) => kind === 'application');
  if (application === undefined) throw new Error('Internal error: the application is not in its own package');
  const bundled = notices.filter(({ kind }) => kind !== 'application').sort((a, b) => (a.name < b.name ? -1 : 1));
  const interpreter = byId.get(interpreterId);
  return {
    application,
    bundled: interpreter === undefined ? bundled : [...bundled, await interpreterNotice(interpreter, tree)],
  };
}
