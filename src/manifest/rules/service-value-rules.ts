import type { Finding } from '../finding.ts';
import { parseEnvironmentFile } from '../integration/environment-file.ts';
import type { ManifestPath } from '../places.ts';
import { splitWords } from '../service-words.ts';
import { directoriesOf, directoryKeys, listOf } from '../services.ts';
import { keyProblem, problem, type Rule } from './rule.ts';
import { writtenServices, type WrittenServicePart } from './service-rules.ts';

function oneLine(place: ManifestPath, value: string | undefined): Finding[] {
  return value !== undefined && /[\u0000-\u001f\u007f]/.test(value)
    ? [problem(place, 'there must be no line ends or other control characters')]
    : [];
}

function checkCommand({ path, service }: WrittenServicePart): Finding[] {
  const { command } = service;
  if (command === undefined || command === null) return [];
  const place = [...path, 'command'];
  const words = typeof command === 'string' ? splitWords(command) : command;
  if (words === undefined) return [problem(place, 'a quote of the command is not closed')];
  const [program = ''] = words;
  if (words.some((word) => /[\u0000-\u001f\u007f]/.test(word))) return oneLine(place, words.join('\n'));
  if (program.startsWith('/') ? !program.includes('//') : /^[A-Za-z0-9_.][\w.+-]*$/.test(program)) return [];
  return [
    problem(
      place,
      `"${program}" is not a program that a service can run`,
      'begin with the name of a script of the application, or with an absolute path',
    ),
  ];
}

/** What is written into units and jobs fits into one line of them. */
export const serviceValuesAreValid: Rule = (input) =>
  writtenServices(input).flatMap((part): Finding[] => {
    const { path, service } = part;
    const absolute = (key: 'working-directory' | 'environment-file', value: string): Finding[] =>
      /^\/[^\s]*$/.test(value) ? [] : [problem([...path, key], `"${value}" must be an absolute path without spaces`)];
    return [
      ...checkCommand(part),
      ...oneLine([...path, 'description'], service.description),
      ...Object.entries(service.environment ?? {}).flatMap(([name, value]) =>
        /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
          ? oneLine([...path, 'environment', name], value)
          : [keyProblem([...path, 'environment', name], `"${name}" is not the name of a variable`)],
      ),
      ...listOf(service['environment-file'])
        .map((value) => parseEnvironmentFile(value))
        .flatMap(({ target, isName }) => (isName ? [] : absolute('environment-file', target))),
      ...listOf(service['working-directory']).flatMap((value) => absolute('working-directory', value)),
      ...listOf(service.after).flatMap((value) =>
        /^[\w:.@\\-]+\.[a-z]+$/.test(value)
          ? []
          : [
              problem(
                [...path, 'after'],
                `"${value}" is not the name of a unit`,
                'write it with its suffix: "dbus.service"',
              ),
            ],
      ),
      ...(typeof service.hardening === 'object' ? Object.entries(service.hardening) : []).flatMap(([name, value]) =>
        /^[A-Z][A-Za-z]+$/.test(name)
          ? oneLine([...path, 'hardening', name], typeof value === 'string' ? value : undefined)
          : [
              keyProblem(
                [...path, 'hardening', name],
                `"${name}" is not the name of a directive`,
                'see systemd.exec(5)',
              ),
            ],
      ),
      ...directoriesOf(service).flatMap(({ kind, name }) =>
        /^[\w.+-]+(?:\/[\w.+-]+)*$/.test(name) && !name.split('/').some((step) => /^\.+$/.test(step))
          ? []
          : [
              problem(
                [...path, directoryKeys[kind]],
                `"${name}" must be a relative path, such as "fleet"`,
                'what it is relative to is said by the key',
              ),
            ],
      ),
    ];
  });
