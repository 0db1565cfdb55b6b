import type { Redactor } from '../report/redact.ts';

/** Splits `scheme://user:password@rest`; undefined when there is no user information (RFC 3986, 3.2.1). */
function userInformation(address: string): { readonly user: string; readonly password: string } | undefined {
  const text = /^[a-z][a-z0-9+.-]*:\/\/([^\s/@]*(?:@[^\s/@]*)*)@/i.exec(address)?.[1];
  if (text === undefined) return undefined;
  const colon = text.indexOf(':');
  return colon === -1 ? { user: text, password: '' } : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Makes the secret part of an address known: the password, or a user name that is a token because it stands alone. */
export function registerUrl(address: string, redactor: Redactor): void {
  const found = userInformation(address);
  if (found === undefined) return;
  const { user, password } = found;
  redactor.add(password === '' ? user : password);
  if (password !== '') redactor.add(Buffer.from(`${user}:${password}`).toString('base64'));
}

/** Makes every password of a netrc file known (netrc(5)); pip and uv read the file by themselves. */
export function registerNetrc(text: string, redactor: Redactor): void {
  for (const match of text.matchAll(/\bpassword\s+(\S+)/g)) redactor.add(match[1] ?? '');
}

/**
 * The address of an index, with the credentials that uv's variables hold for it when it has a name.
 * @param index `name=https://…` or `https://…`
 * @param env `UV_INDEX_<NAME>_USERNAME` and `UV_INDEX_<NAME>_PASSWORD`, the name in upper case with `_` for anything but letters and digits
 */
export function withNamedCredentials(index: string, env: Readonly<Record<string, string>>): string {
  const match = /^([A-Za-z0-9._-]+)=(.+)$/.exec(index);
  const [, name, address] = match ?? [];
  if (name === undefined || address === undefined) return index;
  const prefix = `UV_INDEX_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
  const user = env[`${prefix}_USERNAME`] ?? userInformation(address)?.user;
  const password = env[`${prefix}_PASSWORD`];
  if (password === undefined && env[`${prefix}_USERNAME`] === undefined) return address;
  const information = [user ?? '', ...(password === undefined ? [] : [password])].map(encodeURIComponent).join(':');
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/]*@)?/i, (_, scheme: string) => `${scheme}${information}@`);
}
