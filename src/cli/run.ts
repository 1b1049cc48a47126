// Runs one command. A configuration error becomes one line on stderr and exit code 1.
import { readCommandLine } from '../config/command-line.ts';
import { ConfigError } from '../config/config.ts';
import { IDENTITY } from './identity.ts';
import { serve } from './serve.ts';
import { survive } from './survive.ts';

const HELP = `${IDENTITY.name} ${IDENTITY.version}

  raffi-server          serve until SIGTERM or SIGINT (the same as: raffi-server serve)
  raffi-server --help
  raffi-server --version

RAFFI_SERVER_ADDR is the address to listen on (127.0.0.1:6969); docs/configuration.md lists the other settings.
`;

export async function run(): Promise<void> {
  survive();
  try {
    const command = readCommandLine();
    if (command.name === 'serve') await serve();
    else process.stdout.write(command.name === 'help' ? HELP : `${IDENTITY.version}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${IDENTITY.name}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
