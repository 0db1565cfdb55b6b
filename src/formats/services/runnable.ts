import type { ServiceCommand, ServiceSettings } from '../../manifest/service-settings.ts';

/** A service whose command is known: its own, or that of its unit file. */
export interface RunnableService extends Pick<
  ServiceSettings,
  'name' | 'description' | 'user' | 'group' | 'directories' | 'enable'
> {
  readonly command: ServiceCommand;
}
