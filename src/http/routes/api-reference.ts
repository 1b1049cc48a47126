// The API reference as one page of plain HTML, made from the OpenAPI description.

/** The members of an OpenAPI document that the page shows. */
export interface ApiDescription {
  info: { title: string; version: string; description?: string };
  paths?: Record<string, unknown>;
}

interface Operation {
  path: string;
  method: string;
  tag: string;
  summary: string;
  details: object;
}

const METHODS = ['get', 'post', 'delete'] as const;

export function apiReference(api: ApiDescription): string {
  const operations = Object.entries(api.paths ?? {}).flatMap(([path, item]) => operationsOf(path, item));
  const tags = [...new Set(operations.map((operation) => operation.tag))];
  const sections = tags.map(
    (tag) =>
      `<h2>${escaped(tag)}</h2>${operations
        .filter((each) => each.tag === tag)
        .map(article)
        .join('')}`,
  );
  const title = `${escaped(api.info.title)} ${escaped(api.info.version)}`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem}code{font-weight:600}pre{overflow:auto;background:#8882;padding:.5rem}</style>
<h1>${title}</h1><p>${escaped(api.info.description ?? '')} <a href="openapi.json">OpenAPI</a></p>${sections.join('')}</html>\n`;
}

function operationsOf(path: string, item: unknown): Operation[] {
  if (typeof item !== 'object' || item === null) return [];
  const members = new Map<string, unknown>(Object.entries(item));
  return METHODS.flatMap((method) => {
    const details = members.get(method);
    if (typeof details !== 'object' || details === null) return [];
    const summary = 'summary' in details && typeof details.summary === 'string' ? details.summary : '';
    const tags = 'tags' in details && Array.isArray(details.tags) ? details.tags : [];
    return [{ path, method: method.toUpperCase(), tag: String(tags[0] ?? 'other'), summary, details }];
  });
}

function article({ path, method, summary, details }: Operation): string {
  const shown = Object.fromEntries(Object.entries(details).filter(([name]) => name !== 'tags' && name !== 'summary'));
  return `<details><summary><code>${method} ${escaped(path)}</code> ${escaped(summary)}</summary><pre>${escaped(JSON.stringify(shown, null, 2))}</pre></details>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
