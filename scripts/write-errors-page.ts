// Writes docs/errors.md from the table of error codes.
import { writeFileSync } from 'node:fs';

import { errorsPage } from '../src/base/errors-page.ts';

writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage());
