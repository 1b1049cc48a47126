// A plugin of oxlint: the rule `raffi/layers` keeps the table in scripts/lint/layers.ts.
import { relative, sep } from 'node:path';
import { faultOf } from './layers.ts';

/** As much of ESLint's interface as the rule uses. */
interface Context {
  filename: string;
  cwd: string;
  report(finding: { node: unknown; message: string }): void;
}
interface ModuleReference {
  source: { value?: unknown } | null;
  importKind?: string;
  exportKind?: string;
  specifiers?: { importKind?: string; exportKind?: string }[];
}

const layers = {
  create(context: Context) {
    const from = relative('src', relative(context.cwd, context.filename)).split(sep).join('/');
    if (from.startsWith('..')) return {};
    const visit = (node: ModuleReference) => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string') return;
      const fault = faultOf({ from, specifier, isType: isTypeOnly(node) });
      if (fault !== undefined) context.report({ node, message: `${fault}.` });
    };
    return {
      ImportDeclaration: visit,
      ExportNamedDeclaration: visit,
      ExportAllDeclaration: visit,
      ImportExpression: visit,
    };
  },
};

function isTypeOnly({ importKind, exportKind, specifiers = [] }: ModuleReference): boolean {
  if (importKind === 'type' || exportKind === 'type') return true;
  return specifiers.length > 0 && specifiers.every((each) => (each.importKind ?? each.exportKind) === 'type');
}

const plugin = { meta: { name: 'raffi' }, rules: { layers } };
// oxlint takes the default export.
// oxlint-disable-next-line import/no-default-export
export default plugin;
