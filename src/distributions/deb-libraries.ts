/*
 * Which Debian package has a shared library, by SONAME. Where the facts come from:
 *   Debian 11, 12 and 13   the shlibs files (deb-shlibs(5)) of the packages in their archives, all of them
 *   Debian 10, Ubuntu      general knowledge that nobody measured for this table
 */

/** Since which release a package has the library, oldest first; undefined: no package of that release and later ones has. */
type Steps = Readonly<Record<string, string | undefined>>;

interface Row {
  readonly debian: Steps;
  readonly ubuntu: Steps;
}

/** The same name everywhere. */
function always(name: string): Row {
  return { debian: { '10': name }, ubuntu: { '14.04': name } };
}

/** Renamed when `time_t` became 64 bits wide on 32-bit machines: Debian 13, Ubuntu 24.04. */
function t64(name: string, renamed = `${name}t64`): Row {
  return { debian: { '10': name, '13': renamed }, ubuntu: { '14.04': name, '24.04': renamed } };
}

function each(names: readonly string[], row: Row): Readonly<Record<string, Row>> {
  return Object.fromEntries(names.map((name) => [name, row]));
}

const glibc = always('libc6');
const ncurses5 = (name: string): Row => ({
  debian: { '10': name, '13': undefined },
  ubuntu: { '14.04': name, '24.04': undefined },
});
const ncurses6 = (name: string): Row => ({ debian: { '10': name }, ubuntu: { '20.04': name } });
const openssl11: Row = {
  debian: { '10': 'libssl1.1', '12': undefined },
  ubuntu: { '18.04': 'libssl1.1', '22.04': undefined },
};
const openssl10: Row = { debian: {}, ubuntu: { '14.04': 'libssl1.0.0', '20.04': undefined } };
const openssl3: Row = {
  debian: { '12': 'libssl3', '13': 'libssl3t64' },
  ubuntu: { '22.04': 'libssl3', '24.04': 'libssl3t64' },
};
const ldap24: Row = {
  debian: { '10': 'libldap-2.4-2', '12': undefined },
  ubuntu: { '14.04': 'libldap-2.4-2', '22.04': undefined },
};
const ldap25: Row = {
  debian: { '12': 'libldap-2.5-0', '13': undefined },
  ubuntu: { '22.04': 'libldap-2.5-0', '24.04': undefined },
};
const ldap26: Row = { debian: { '13': 'libldap2' }, ubuntu: { '24.04': 'libldap2' } };
const odbc: Row = {
  debian: { '10': 'libodbc1', '12': 'libodbc2' },
  ubuntu: { '16.04': 'libodbc1', '22.04': 'libodbc2' },
};
const glvnd = (name: string, older: string): Row => ({
  debian: { '10': name },
  ubuntu: { '14.04': older, '18.04': name },
});

const rows: Readonly<Record<string, Row>> = {
  // The C library and the compiler's.
  ...each(
    [
      ...['ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1', 'ld-linux.so.2', 'ld-linux-armhf.so.3'],
      ...['ld64.so.1', 'ld64.so.2', 'ld-linux-riscv64-lp64d.so.1', 'ld.so.1'],
      ...['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1', 'libutil.so.1', 'libresolv.so.2'],
      ...['libnsl.so.1', 'libanl.so.1', 'libmvec.so.1', 'libBrokenLocale.so.1', 'libthread_db.so.1'],
    ],
    glibc,
  ),
  'libgcc_s.so.1': {
    debian: { '10': 'libgcc1', '11': 'libgcc-s1' },
    ubuntu: { '14.04': 'libgcc1', '20.04': 'libgcc-s1' },
  },
  'libstdc++.so.6': always('libstdc++6'),
  'libgomp.so.1': always('libgomp1'),
  'libatomic.so.1': always('libatomic1'),
  'libquadmath.so.0': always('libquadmath0'),
  'libgfortran.so.3': { debian: {}, ubuntu: { '14.04': 'libgfortran3', '20.04': undefined } },
  'libgfortran.so.4': { debian: {}, ubuntu: { '18.04': 'libgfortran4', '22.04': undefined } },
  'libgfortran.so.5': { debian: { '10': 'libgfortran5' }, ubuntu: { '20.04': 'libgfortran5' } },
  // A part of glibc until libxcrypt took over.
  'libcrypt.so.1': {
    debian: { '10': 'libc6', '11': 'libcrypt1' },
    ubuntu: { '14.04': 'libc6', '20.04': 'libcrypt1' },
  },

  // Compression.
  'libz.so.1': always('zlib1g'),
  'libbz2.so.1.0': always('libbz2-1.0'),
  'liblzma.so.5': always('liblzma5'),
  'libzstd.so.1': always('libzstd1'),
  'liblz4.so.1': always('liblz4-1'),
  'libsnappy.so.1': { debian: { '10': 'libsnappy1v5' }, ubuntu: { '14.04': 'libsnappy1', '16.04': 'libsnappy1v5' } },

  // Cryptography and authentication.
  ...each(['libssl.so.1.0.0', 'libcrypto.so.1.0.0'], openssl10),
  ...each(['libssl.so.1.1', 'libcrypto.so.1.1'], openssl11),
  ...each(['libssl.so.3', 'libcrypto.so.3'], openssl3),
  'libgnutls.so.30': {
    debian: { '10': 'libgnutls30', '13': 'libgnutls30t64' },
    ubuntu: { '16.04': 'libgnutls30', '24.04': 'libgnutls30t64' },
  },
  'libgcrypt.so.20': { debian: { '10': 'libgcrypt20' }, ubuntu: { '14.04': 'libgcrypt20' } },
  'libgpg-error.so.0': always('libgpg-error0'),
  'libsodium.so.23': { debian: { '10': 'libsodium23' }, ubuntu: { '18.04': 'libsodium23' } },
  'libgssapi_krb5.so.2': always('libgssapi-krb5-2'),
  'libkrb5.so.3': always('libkrb5-3'),
  'libk5crypto.so.3': always('libk5crypto3'),
  'libcom_err.so.2': {
    debian: { '10': 'libcom-err2' },
    ubuntu: { '14.04': 'libcomerr2', '18.04': 'libcom-err2' },
  },
  'libkeyutils.so.1': always('libkeyutils1'),
  'libsasl2.so.2': always('libsasl2-2'),
  ...each(['libldap-2.4.so.2', 'libldap_r-2.4.so.2', 'liblber-2.4.so.2'], ldap24),
  ...each(['libldap-2.5.so.0', 'liblber-2.5.so.0'], ldap25),
  ...each(['libldap.so.2', 'liblber.so.2'], ldap26),
  ...each(['libpam.so.0', 'libpam_misc.so.0'], always('libpam0g')),

  // Databases and messages.
  'libpq.so.5': always('libpq5'),
  'libmariadb.so.3': { debian: { '10': 'libmariadb3' }, ubuntu: { '18.04': 'libmariadb3' } },
  'libmysqlclient.so.18': { debian: {}, ubuntu: { '14.04': 'libmysqlclient18', '16.04': undefined } },
  'libmysqlclient.so.20': { debian: {}, ubuntu: { '16.04': 'libmysqlclient20', '20.04': undefined } },
  'libmysqlclient.so.21': { debian: {}, ubuntu: { '20.04': 'libmysqlclient21', '26.04': undefined } },
  'libsqlite3.so.0': always('libsqlite3-0'),
  'libodbc.so.2': odbc,
  'libodbc.so.1': { debian: {}, ubuntu: { '14.04': 'libodbc1', '16.04': undefined } },
  'libodbcinst.so.2': {
    debian: { '10': 'odbcinst1debian2', '12': 'libodbcinst2' },
    ubuntu: { '16.04': 'odbcinst1debian2', '22.04': 'libodbcinst2' },
  },
  'libdb-5.3.so': t64('libdb5.3'),
  'libgdbm.so.6': {
    debian: { '10': 'libgdbm6', '13': 'libgdbm6t64' },
    ubuntu: { '20.04': 'libgdbm6', '24.04': 'libgdbm6t64' },
  },
  'libzmq.so.5': { debian: { '10': 'libzmq5' }, ubuntu: { '16.04': 'libzmq5' } },
  'librdkafka.so.1': always('librdkafka1'),
  'librabbitmq.so.4': { debian: { '10': 'librabbitmq4' }, ubuntu: { '16.04': 'librabbitmq4' } },
  'libmemcached.so.11': {
    debian: { '10': 'libmemcached11', '13': 'libmemcached11t64' },
    ubuntu: { '16.04': 'libmemcached11', '24.04': 'libmemcached11t64' },
  },

  // Texts and the network.
  'libxml2.so.2': { debian: { '10': 'libxml2' }, ubuntu: { '14.04': 'libxml2', '26.04': undefined } },
  'libxml2.so.16': { debian: {}, ubuntu: { '26.04': 'libxml2-16' } },
  ...each(['libxslt.so.1', 'libexslt.so.0'], always('libxslt1.1')),
  'libxmlsec1.so.1': t64('libxmlsec1'),
  'libxmlsec1-openssl.so.1': t64('libxmlsec1-openssl', 'libxmlsec1t64-openssl'),
  'libexpat.so.1': always('libexpat1'),
  'libyaml-0.so.2': always('libyaml-0-2'),
  'libcurl.so.4': {
    debian: { '10': 'libcurl4', '13': 'libcurl4t64' },
    ubuntu: { '14.04': 'libcurl3', '18.04': 'libcurl4', '24.04': 'libcurl4t64' },
  },
  'libcurl-gnutls.so.4': t64('libcurl3-gnutls', 'libcurl3t64-gnutls'),
  'libssh2.so.1': t64('libssh2-1'),
  'libssh.so.4': always('libssh-4'),
  'libnghttp2.so.14': { debian: { '10': 'libnghttp2-14' }, ubuntu: { '16.04': 'libnghttp2-14' } },
  'libidn2.so.0': { debian: { '10': 'libidn2-0' }, ubuntu: { '18.04': 'libidn2-0' } },
  'libpcap.so.0.8': t64('libpcap0.8'),
  'libnl-3.so.200': always('libnl-3-200'),
  'libev.so.4': t64('libev4'),
  'libevent-2.1.so.7': {
    debian: { '11': 'libevent-2.1-7', '13': 'libevent-2.1-7t64' },
    ubuntu: { '20.04': 'libevent-2.1-7', '24.04': 'libevent-2.1-7t64' },
  },
  'libuv.so.1': t64('libuv1'),
  'libvirt.so.0': always('libvirt0'),

  // What interpreters and extension modules use.
  'libffi.so.6': {
    debian: { '10': 'libffi6', '11': undefined },
    ubuntu: { '14.04': 'libffi6', '20.04': undefined },
  },
  'libffi.so.7': { debian: { '11': 'libffi7', '12': undefined }, ubuntu: { '20.04': 'libffi7', '24.04': undefined } },
  'libffi.so.8': { debian: { '12': 'libffi8' }, ubuntu: { '22.04': 'libffi8' } },
  ...each(['libreadline.so.6', 'libhistory.so.6'], {
    debian: {},
    ubuntu: { '14.04': 'libreadline6', '18.04': undefined },
  }),
  ...each(['libreadline.so.7', 'libhistory.so.7'], {
    debian: { '10': 'libreadline7', '11': undefined },
    ubuntu: { '18.04': 'libreadline7', '20.04': undefined },
  }),
  ...each(['libreadline.so.8', 'libhistory.so.8'], {
    debian: { '11': 'libreadline8', '13': 'libreadline8t64' },
    ubuntu: { '20.04': 'libreadline8', '24.04': 'libreadline8t64' },
  }),
  ...each(['libncurses.so.5', 'libform.so.5', 'libmenu.so.5', 'libpanel.so.5'], ncurses5('libncurses5')),
  ...each(['libncursesw.so.5', 'libformw.so.5', 'libmenuw.so.5', 'libpanelw.so.5'], ncurses5('libncursesw5')),
  ...each(['libtinfo.so.5', 'libtic.so.5'], ncurses5('libtinfo5')),
  ...each(['libncurses.so.6', 'libform.so.6', 'libmenu.so.6', 'libpanel.so.6'], ncurses6('libncurses6')),
  ...each(['libncursesw.so.6', 'libformw.so.6', 'libmenuw.so.6', 'libpanelw.so.6'], ncurses6('libncursesw6')),
  ...each(['libtinfo.so.6', 'libtic.so.6'], ncurses6('libtinfo6')),
  'libuuid.so.1': always('libuuid1'),
  'libblkid.so.1': always('libblkid1'),
  'libmount.so.1': always('libmount1'),
  'libpython3.9.so.1.0': {
    debian: { '11': 'libpython3.9', '12': undefined },
    ubuntu: { '20.04': 'libpython3.9', '22.04': undefined },
  },
  'libpython3.10.so.1.0': { debian: {}, ubuntu: { '22.04': 'libpython3.10', '24.04': undefined } },
  'libpython3.11.so.1.0': {
    debian: { '12': 'libpython3.11', '13': undefined },
    ubuntu: { '22.04': 'libpython3.11', '24.04': undefined },
  },
  'libpython3.12.so.1.0': { debian: {}, ubuntu: { '24.04': 'libpython3.12t64', '26.04': undefined } },
  'libpython3.13.so.1.0': { debian: { '13': 'libpython3.13' }, ubuntu: {} },
  'libgmp.so.10': always('libgmp10'),
  'libpcre.so.3': {
    debian: { '10': 'libpcre3', '13': undefined },
    ubuntu: { '14.04': 'libpcre3', '26.04': undefined },
  },
  'libpcre2-8.so.0': { debian: { '10': 'libpcre2-8-0' }, ubuntu: { '16.04': 'libpcre2-8-0' } },
  ...each(
    ['libglib-2.0.so.0', 'libgio-2.0.so.0', 'libgobject-2.0.so.0', 'libgmodule-2.0.so.0', 'libgthread-2.0.so.0'],
    t64('libglib2.0-0'),
  ),
  'libblas.so.3': always('libblas3'),
  'liblapack.so.3': always('liblapack3'),
  'libopenblas.so.0': { debian: { '11': 'libopenblas0' }, ubuntu: { '20.04': 'libopenblas0' } },
  'libnuma.so.1': always('libnuma1'),

  // The system.
  'libsystemd.so.0': { debian: { '10': 'libsystemd0' }, ubuntu: { '16.04': 'libsystemd0' } },
  'libudev.so.1': always('libudev1'),
  'libdbus-1.so.3': always('libdbus-1-3'),
  'libselinux.so.1': always('libselinux1'),
  'libacl.so.1': always('libacl1'),
  'libattr.so.1': always('libattr1'),
  'libaudit.so.1': always('libaudit1'),
  'libcap.so.2': always('libcap2'),
  'libcap-ng.so.0': always('libcap-ng0'),
  'libseccomp.so.2': always('libseccomp2'),
  // Its SONAME was changed with the package, which a file compiled before does not know.
  'libaio.so.1': {
    debian: { '10': 'libaio1', '13': undefined },
    ubuntu: { '14.04': 'libaio1', '24.04': undefined },
  },
  'libaio.so.1t64': { debian: { '13': 'libaio1t64' }, ubuntu: { '24.04': 'libaio1t64' } },
  'libusb-1.0.so.0': always('libusb-1.0-0'),
  'libfuse.so.2': t64('libfuse2'),
  'libfuse3.so.3': {
    debian: { '10': 'libfuse3-3', '13': undefined },
    ubuntu: { '20.04': 'libfuse3-3', '26.04': undefined },
  },
  'libcups.so.2': t64('libcups2'),
  'libasound.so.2': t64('libasound2'),
  'libpulse.so.0': always('libpulse0'),

  // Pictures and windows.
  'libX11.so.6': always('libx11-6'),
  'libXext.so.6': always('libxext6'),
  'libXrender.so.1': always('libxrender1'),
  'libXi.so.6': always('libxi6'),
  'libXrandr.so.2': always('libxrandr2'),
  'libXfixes.so.3': always('libxfixes3'),
  'libXcursor.so.1': always('libxcursor1'),
  'libXinerama.so.1': always('libxinerama1'),
  'libXft.so.2': always('libxft2'),
  'libXss.so.1': always('libxss1'),
  'libXtst.so.6': always('libxtst6'),
  'libXcomposite.so.1': always('libxcomposite1'),
  'libXdamage.so.1': always('libxdamage1'),
  'libXau.so.6': always('libxau6'),
  'libXdmcp.so.6': always('libxdmcp6'),
  'libICE.so.6': always('libice6'),
  'libSM.so.6': always('libsm6'),
  'libxcb.so.1': always('libxcb1'),
  'libxkbcommon.so.0': always('libxkbcommon0'),
  'libxkbcommon-x11.so.0': { debian: { '10': 'libxkbcommon-x11-0' }, ubuntu: { '16.04': 'libxkbcommon-x11-0' } },
  'libGL.so.1': glvnd('libgl1', 'libgl1-mesa-glx'),
  'libEGL.so.1': glvnd('libegl1', 'libegl1-mesa'),
  'libGLESv2.so.2': glvnd('libgles2', 'libgles2-mesa'),
  'libGLX.so.0': { debian: { '10': 'libglx0' }, ubuntu: { '18.04': 'libglx0' } },
  'libOpenGL.so.0': { debian: { '10': 'libopengl0' }, ubuntu: { '18.04': 'libopengl0' } },
  'libGLdispatch.so.0': { debian: { '10': 'libglvnd0' }, ubuntu: { '18.04': 'libglvnd0' } },
  'libGLU.so.1': always('libglu1-mesa'),
  'libdrm.so.2': always('libdrm2'),
  'libfontconfig.so.1': always('libfontconfig1'),
  'libfreetype.so.6': always('libfreetype6'),
  'libpng16.so.16': {
    debian: { '10': 'libpng16-16', '13': 'libpng16-16t64' },
    ubuntu: { '18.04': 'libpng16-16', '24.04': 'libpng16-16t64' },
  },
  'libjpeg.so.62': { debian: { '10': 'libjpeg62-turbo' }, ubuntu: {} },
  'libjpeg.so.8': { debian: {}, ubuntu: { '14.04': 'libjpeg-turbo8' } },
  'libtiff.so.5': {
    debian: { '10': 'libtiff5', '12': undefined },
    ubuntu: { '14.04': 'libtiff5', '24.04': undefined },
  },
  'libtiff.so.6': { debian: { '12': 'libtiff6' }, ubuntu: { '24.04': 'libtiff6' } },
  'libwebp.so.6': {
    debian: { '10': 'libwebp6', '12': undefined },
    ubuntu: { '18.04': 'libwebp6', '22.04': undefined },
  },
  'libwebp.so.7': { debian: { '12': 'libwebp7' }, ubuntu: { '22.04': 'libwebp7' } },
  'liblcms2.so.2': always('liblcms2-2'),
  'libcairo.so.2': always('libcairo2'),
  'libpango-1.0.so.0': always('libpango-1.0-0'),
};

/** Debian's and Ubuntu's versions are numbers with dots; `22.04` comes before `24.04`. */
function isSince(release: string, since: string): boolean {
  return Number(release) >= Number(since);
}

/**
 * The package of a Debian or Ubuntu release that has a library.
 * @param release an id of our table, such as `debian-12`
 * @param library SONAME, such as `libssl.so.3`
 * @returns undefined when none has, or the table does not know
 */
export function debLibraryPackage(release: string, library: string): string | undefined {
  const [vendor = '', version = ''] = release.split('-');
  const row = Object.hasOwn(rows, library) ? rows[library] : undefined;
  if (row === undefined || (vendor !== 'debian' && vendor !== 'ubuntu')) return undefined;
  let name: string | undefined;
  for (const [since, current] of Object.entries(row[vendor])) if (isSince(version, since)) name = current;
  return name;
}

/** Every SONAME that the table knows. */
export const debLibraryNames: readonly string[] = Object.keys(rows);
