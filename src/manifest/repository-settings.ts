/** How the repositories that the release package defines are published. */
export interface RepositorySettings {
  /** `s3://bucket/prefix`, or the absolute path of a directory. */
  readonly store: string | undefined;
  /** Of an S3-compatible server. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** Fingerprint of the key to sign with; undefined means that of the release package's key. */
  readonly signingKey: string | undefined;
  /** apt's Origin and Label. */
  readonly origin: string;
  readonly label: string;
  readonly layout: 'flat' | 'classic';
  readonly component: string;
  /** Whether `.repo` files name the `mirrorlist`; only our own publisher writes one. */
  readonly mirrorlist: boolean;
  /** Seconds for which clients trust an apt index. */
  readonly validUntil: number | undefined;
  readonly generations: number;
  /** Seconds. */
  readonly grace: number;
}
