/** Marks of glibc that name a feature, and the version that has it (glibc's NEWS). */
const featureMarks: Readonly<Record<string, string>> = { GLIBC_ABI_DT_RELR: '2.36' };

/** `2.17` of `GLIBC_2.17`; undefined for what is of another library, and for `GLIBC_PRIVATE`. */
export function glibcVersionOf(symbol: string): string | undefined {
  return featureMarks[symbol] ?? /^GLIBC_(\d+(?:\.\d+)+)$/.exec(symbol)?.[1];
}

const ownLibraries =
  /^(?:ld(?:64)?-linux.*|ld(?:64)?|lib(?:c|m|dl|pthread|rt|util|resolv|nsl|anl|mvec|BrokenLocale|thread_db|c_malloc_debug|nss_(?:compat|dns|files|hesiod)))\.so(?:\.\d+)?$/;

/** Whether a SONAME is of a library that glibc is made of; the dynamic linker has another name on each machine. */
export function isOfGlibc(library: string): boolean {
  // libnsl.so.2 and .3 are of another project.
  return ownLibraries.test(library) && !/^libnsl\.so\.[2-9]/.test(library);
}
