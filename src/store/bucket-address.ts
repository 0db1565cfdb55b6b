import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { isBucket, judgeBucket, splitBucketAddress, type BucketAddress } from '../model/store-location.ts';

/**
 * Reads `acme-packages`, `s3://acme-packages` or `s3://acme-packages/linux`.
 * @throws CoachbuilderError `usage` when it is no name that a bucket can have
 */
export function parseBucketAddress(text: string): BucketAddress {
  if (!isBucket(text) && /^[A-Za-z][\w+.-]*:\/\//.test(text)) {
    throw new CoachbuilderError('usage', `"${text}" is not the address of a bucket`, {
      hint: 'name the bucket alone, or with a prefix as s3://acme-packages/linux',
    });
  }
  const refusal = judgeBucket(text);
  if (refusal !== undefined) throw new CoachbuilderError('usage', refusal.message, { hint: refusal.hint });
  return splitBucketAddress(text);
}
