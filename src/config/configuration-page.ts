// `docs/configuration.md`, made from the table of settings.
import { SETTINGS, type Setting } from './settings.ts';
import { TORRENT_SETTINGS } from './torrent-settings.ts';

export function configurationPage(): string {
  const rows = Object.values({ ...SETTINGS, ...TORRENT_SETTINGS }).map((setting: Setting<unknown>) => {
    const fallback = setting.shown ?? (setting.fallback === '' ? 'none' : `\`${setting.fallback}\``);
    return `| \`${setting.name}\` | ${fallback} | ${setting.meaning} |`;
  });
  return [
    '# Configuration',
    '',
    'The server needs none. It reads these environment variables once, when it starts; a value that cannot be meant ends it with one line and code 1.',
    'This page is made from `src/config/settings.ts` by `node scripts/with-setup.mjs scripts/write-configuration-page.ts`.',
    '',
    '| variable | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
