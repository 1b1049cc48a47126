// Name and version of the program.
import packageJson from '../../package.json' with { type: 'json' };

export const IDENTITY = { name: packageJson.name, version: packageJson.version };
