/** The exit statuses of every command; `docs/errors.md` explains them. */
export const exitStatus = {
  success: 0,
  /** Something that the user can put right. */
  failure: 1,
  /** A defect of Coachbuilder itself. */
  defect: 2,
  /** A system tool is missing; the message holds the command that installs it. */
  missingTool: 3,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** Every code of an error that a person can meet, with what it means. Codes are stable: scripts may match them. */
export const errorCodes = {
  usage: 'the command line is incomplete or contradicts itself',
  'unknown-distribution': 'a distribution is neither in our table nor in the manifest',
  'manifest-invalid': 'the manifest does not say something that can be built',
  'manifest-missing': 'a manifest was named that is not there',
  'not-a-python-project': 'the package URI is no Python project, wheel, sdist, URL or requirement',
  'source-unavailable':
    "an application's repository or address did not answer, refused us, or has not what was asked for",
  'application-build-failed': 'the application did not build into a wheel',
  'unsupported-wheel': 'a wheel was built for another interpreter, platform or libc than the target has',
  'needs-compiler': 'a dependency has no wheel for the target and needs a compiler for it',
  'compile-failed': 'a dependency did not compile in a container of the target',
  'engine-failed': 'the container engine failed, or went away',
  'image-missing': 'a container image cannot be had or made',
  'requires-python': "the target's interpreter is outside what the application or a dependency accepts",
  'version-invalid': 'a version is not one that PEP 440 describes',
  'requirement-invalid':
    'a requirement, a version specifier or an environment marker is not one that PEP 440 and PEP 508 describe',
  unresolvable: 'no set of versions satisfies the requirements for the target',
  'lock-missing': '--locked was given and there is no lock, or none for the target',
  'lock-stale': 'the lock does not belong to the manifest and the application any more',
  'lock-invalid': 'the lock cannot be read, or was altered by hand',
  'lock-file-unusable':
    'the lock of another tool that the manifest names (python.lock-file) does not pin what is needed for the target',
  'hash-mismatch': 'a file is not the one that was locked',
  'index-unreachable': 'a package index did not answer or refused us',
  offline: 'something has to be downloaded and --offline was given',
  'download-failed': 'a file that is not of an index cannot be downloaded',
  'archive-invalid': 'an archive is damaged, or does not hold what it should',
  'interpreter-invalid': 'the archive of a bundled interpreter holds another one than the target needs',
  'wheel-invalid': 'a wheel breaks the rules of its format',
  'file-conflict': 'two distributions or packages claim one path',
  'path-leak': 'a file of the tree names a path of the build machine',
  'health-check-failed':
    'the finished virtual environment lacks something, or it or what the manifest adds holds what no package may hold',
  'too-large': 'the virtual environment is larger than the manifest allows (slim.size-limit)',
  'link-target-missing': 'a link points to a script that the application does not have',
  'tool-missing': 'a system tool is missing',
  'command-failed': 'a tool ended with a failure',
  'root-unusable': 'there is no root or container in which packages could be tested',
  'checks-failed': 'packages were installed for a test and did not pass it',
  'lint-failed': 'a linter finds something in the packages that neither was put right nor is explained in the manifest',
  'not-reproducible': 'a second build of the same inputs made another package',
  'output-exists': 'a file that would be written is already there',
  'output-unwritable': 'the destination cannot be written',
  'targets-failed': 'some of several targets could not be built',
  'access-denied': 'a file or directory that is needed may not be read or written by this user',
  'disk-full': 'the disk is full',
  'key-unusable': 'a signing key cannot be used, or clients would refuse it',
  'signing-failed': 'gpg or rpmsign did not sign',
  'signature-invalid': 'something is not signed, or by another key than it should be',
  'repository-invalid': 'a published repository is damaged, or is not what its index says',
  'publication-refused': 'what should be published contradicts what is published already',
  'publication-conflict': 'other publishers were faster, again and again',
  'store-unavailable': 'the store of a repository does not answer, or answers failures',
  'store-denied': 'the store of a repository refuses us: credentials, permissions or the clock',
  'store-missing': 'there is no such bucket or directory',
  'unsupported-by-target': "the target's package manager cannot express or read what was asked for",
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof errorCodes;
