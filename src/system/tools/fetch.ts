import type { CommandSpec } from '../command.ts';

/**
 * Downloads with Python's urllib: it knows the proxies and certificates of the caller's environment, which Node's own
 * client does not. Names and passwords come from netrc, and go to the host that they are for only.
 */
const program = [
  'import json, netrc, shutil, sys, urllib.parse, urllib.request',
  'job = json.load(sys.stdin)',
  'request = urllib.request.Request(job["url"], headers={"User-Agent": "coachbuilder"})',
  'try:',
  '    login = netrc.netrc().authenticators(urllib.parse.urlsplit(job["url"]).hostname or "")',
  'except (OSError, netrc.NetrcParseError):',
  '    login = None',
  'if login:',
  '    import base64',
  '    pair = (login[0] + ":" + (login[2] or "")).encode()',
  '    request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(pair).decode())',
  'try:',
  '    with urllib.request.urlopen(request, timeout=job["timeout"]) as answer, open(job["file"], "wb") as file:',
  '        shutil.copyfileobj(answer, file, 1 << 20)',
  'except OSError as error:',
  '    sys.exit(str(error))',
].join('\n');

/** Seconds without a byte after which a download is given up. */
const silence = 60;

/**
 * The command that downloads one file.
 * @param url http or https
 * @param file absolute path of a file that is not there yet
 * @returns without directory and environment, which has to be the one for the network
 */
export function fetchFile(url: string, file: string): Pick<CommandSpec, 'tool' | 'args' | 'input'> {
  return { tool: 'python3', args: ['-c', program], input: JSON.stringify({ url, file, timeout: silence }) };
}
