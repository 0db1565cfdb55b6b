import type { Finding } from './finding.ts';
import * as accounts from './rules/account-rules.ts';
import * as bundled from './rules/bundled-rules.ts';
import * as identity from './rules/identity-rules.ts';
import * as integrationOptions from './rules/integration-option-rules.ts';
import * as integration from './rules/integration-rules.ts';
import * as libraries from './rules/library-rules.ts';
import * as lint from './rules/lint-rules.ts';
import * as packages from './rules/package-rules.ts';
import * as paths from './rules/path-rules.ts';
import * as python from './rules/python-rules.ts';
import * as release from './rules/release-rules.ts';
import * as repository from './rules/repository-rules.ts';
import type { Rule, RuleInput } from './rules/rule.ts';
import * as services from './rules/service-rules.ts';
import * as serviceValues from './rules/service-value-rules.ts';
import * as sources from './rules/source-rules.ts';
import * as tree from './rules/tree-rules.ts';
import * as version from './rules/version-rules.ts';

/** All that a manifest can get wrong beyond its shape. */
const rules: readonly Rule[] = [
  identity.applicationNameIsValid,
  identity.prefixIsOwnDirectory,
  identity.maintainerHasAddress,
  identity.licenseIsSpdx,
  identity.homePageIsUrl,
  identity.headersAreOneLine,
  python.interpreterIsMinorVersioned,
  bundled.bundledInterpreterIsPinned,
  python.extrasAreValid,
  python.lockFormatIsKnown,
  python.indexesAreUrlsWithoutCredentials,
  version.versionIsComplete,
  version.versionPartsAreValid,
  packages.packageIdsAreValid,
  packages.packageNamesAreValid,
  packages.packageNamesDiffer,
  packages.mainPackageIsNative,
  packages.relationsAreValid,
  packages.selectorsAreKnown,
  packages.targetsAreKnown,
  libraries.librariesAreValid,
  paths.installedPathsAreAbsolute,
  paths.linksAreValid,
  paths.pathsAreClaimedOnce,
  paths.prefixBelongsToMain,
  paths.configurationFilesAreInstalled,
  sources.sourcesExist,
  sources.ownershipIsValid,
  integration.integrationNamesAreValid,
  integration.integrationSourcesExist,
  integration.firewallServicesAreValid,
  integration.integrationsAreComplete,
  integration.serviceEnvironmentFilesAreKnown,
  integrationOptions.logrotateOptionsAreValid,
  integrationOptions.tmpfilesAreValid,
  integrationOptions.environmentFilesAreOwned,
  integrationOptions.manPagesAreNamed,
  tree.treeGlobsAreValid,
  tree.localesAreValid,
  tree.sizeLimitIsSize,
  tree.reasonsSaySomething,
  sources.scriptsAreShell,
  release.repositoryIsUrl,
  release.repositoryIdsAreValid,
  release.channelIdsDiffer,
  release.channelSuffixesAreValid,
  release.releaseVersionIsValid,
  repository.repositoryHasRelease,
  repository.repositoryIsSomewhere,
  repository.signingKeyIsFingerprint,
  repository.repositoryValuesAreValid,
  services.serviceNamesAreValid,
  services.servicesAreNamedOnce,
  services.servicesSayWhatRuns,
  serviceValues.serviceValuesAreValid,
  services.serviceFilesExist,
  accounts.accountsAreValid,
  lint.lintOverridesCanMatch,
];

/** Applies every rule; pure but for what the source port looks at. */
export function checkRules(input: RuleInput): Finding[] {
  return rules.flatMap((rule) => rule(input));
}
