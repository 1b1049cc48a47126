// How schemas apply to requests and responses. TypeBox checks a request as it comes, and nothing is compiled when the server starts: the
// default compilers of Fastify, ajv and fast-json-stringify, take 120 ms and 10 MB for the routes of this server.
import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import * as Value from 'typebox/value';

/** In place of the factories of Fastify's default compilers, which would be loaded. */
export const NO_DEFAULT_COMPILERS = { buildValidator: neverCalled, buildSerializer: neverCalled };

/** The errors have the shape of ajv's, except for `params.requiredProperties`. */
export const checkRequests: FastifySchemaCompiler<TSchema> =
  ({ schema }) =>
  (value) =>
    Value.Check(schema, value) || { error: Value.Errors(schema, value) };

/** Schemas of responses are documentation: handlers return exactly what is sent. */
export const writeResponses: FastifySerializerCompiler<TSchema> = () => JSON.stringify;

function neverCalled(): never {
  throw new Error('a route was added before the compilers');
}
