// `GET /community-addons`: the public catalogues of Stremio add-ons as one list.
import { Type } from 'typebox';

import { FRESH_SECONDS, type CommunityAddons } from '../../addons/community-addons.ts';
import type { App } from '../schemas/app-type.ts';
import { requestSignal } from '../reply/request-signal.ts';
import { ERROR } from '../schemas/session.ts';

const ADDON = Type.Object(
  { name: Type.String(), url: Type.String({ description: 'URL of the manifest' }), description: Type.String() },
  { additionalProperties: true, description: 'The entry of its catalogue, always with these three members' },
);

export function communityAddonRoutes(app: App, addons: CommunityAddons): void {
  const list = {
    tags: ['add-ons'],
    summary: 'Community add-ons of the public catalogues',
    response: { 200: Type.Unsafe<string>(Type.Array(ADDON)), '5xx': ERROR },
  };
  app.get('/community-addons', { schema: list }, async (_request, reply) => {
    const json = await addons.json(requestSignal(reply));
    return (
      reply
        .header('Cache-Control', `public, max-age=${FRESH_SECONDS}`)
        .type('application/json; charset=utf-8')
        // The list is JSON text already.
        .serializer(String)
        .send(json)
    );
  });
}
