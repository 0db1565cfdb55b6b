/** What the module that prepares a bundled interpreter has to know. */
export interface RuntimeFacts {
  /** Directory (OpenSSL's `OPENSSLDIR`) that is compiled into the interpreter; undefined when it was not found. */
  readonly opensslDirectory: string | undefined;
  /** Absolute path of the terminal descriptions that came with the interpreter; undefined when there are none. */
  readonly terminfo: string | undefined;
}

/** A file for the virtual environment's site-packages. */
export interface RuntimeFile {
  readonly name: string;
  readonly content: string;
}

/** Where distributions keep the certificates of all authorities in one file: Debian and SUSE's newest, EL, older SUSE. */
const certificateBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
] as const;

/** Where distributions keep descriptions of terminals (terminfo(5); Debian has the essential ones below /lib). */
const terminfoDirectories = ['/etc/terminfo', '/lib/terminfo', '/usr/lib/terminfo', '/usr/share/terminfo'] as const;

const moduleName = '_coachbuilder_runtime';

function tuple(texts: readonly string[]): string {
  return texts.length === 0 ? '()' : `(\n${texts.map((text) => `    ${JSON.stringify(text)},\n`).join('')})`;
}

/**
 * A module, and the line (site module, "Path configuration files") that makes every start of the interpreter import it:
 * libraries inside of a relocatable interpreter look for certificates and terminals where the machine that built it has
 * them. It must not import ssl, which would make every start slower, and never takes a setting back that is there already.
 */
export function runtimeFiles({ opensslDirectory, terminfo }: RuntimeFacts): readonly RuntimeFile[] {
  const text = [
    '"""Tells the libraries of the bundled interpreter where this system keeps certificates and terminals."""',
    'import os',
    '',
    `CERTIFICATES = ${tuple(certificateBundles)}`,
    '# Where the OpenSSL of this interpreter looks by itself.',
    `COMPILED_IN = ${tuple(opensslDirectory === undefined ? [] : [`${opensslDirectory}/cert.pem`])}`,
    `TERMINALS = ${tuple([...terminfoDirectories, ...(terminfo === undefined ? [] : [terminfo])])}`,
    '',
    '',
    'def prepare(environ, exists):',
    "    if not environ.get('SSL_CERT_FILE') and not environ.get('SSL_CERT_DIR'):",
    '        if not any(exists(path) for path in COMPILED_IN):',
    '            for path in CERTIFICATES:',
    '                if exists(path):',
    "                    environ['SSL_CERT_FILE'] = path",
    '                    break',
    "    if not environ.get('TERMINFO') and not environ.get('TERMINFO_DIRS'):",
    '        found = [path for path in TERMINALS if exists(path)]',
    '        if found:',
    "            environ['TERMINFO_DIRS'] = os.pathsep.join(found)",
    '',
    '',
    'prepare(os.environ, os.path.exists)',
    '',
  ].join('\n');
  return [
    { name: `${moduleName}.py`, content: text },
    { name: `${moduleName}.pth`, content: `import ${moduleName}\n` },
  ];
}
