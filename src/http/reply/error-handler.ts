// Every failure is answered with `{ error, code, hint? }`, where `error` is a sentence for the user. Internal details go to the log.
import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify';

import { AppError, isAbort } from '../../base/app-error.ts';
import type { App } from '../schemas/app-type.ts';
import type { AllowedMethods } from './allowed-methods.ts';

/** The AppErrors for errors of the framework. */
const FRAMEWORK_ERRORS = new Map<string, AppError>([
  ['FST_ERR_CTP_BODY_TOO_LARGE', new AppError('BODY_TOO_LARGE', 'The body is too large')],
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    new AppError('UNSUPPORTED_CONTENT_TYPE', 'The body must be sent as application/json'),
  ],
  ['FST_ERR_CTP_INVALID_JSON_BODY', new AppError('BAD_REQUEST', 'The body is not valid JSON')],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', new AppError('BAD_REQUEST', 'The body is empty')],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', new AppError('BAD_REQUEST', 'The body is not as long as the request says')],
  ['FST_ERR_BAD_URL', new AppError('BAD_REQUEST', 'The address is not valid')],
  ['FST_ERR_MAX_PARAM_LENGTH', new AppError('NOT_FOUND', 'There is nothing at this address')],
]);

const RETRY_AFTER_SECONDS = new Map<string, number>([
  ['NOT_READY', 1],
  ['TOO_MANY', 5],
]);

/** Installs the error and not-found handlers on the app. */
export function handleErrors(app: App, methods: AllowedMethods): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.of(request.url.split('?')[0] ?? '');
    if (allowed.length === 0)
      return sendError(new AppError('NOT_FOUND', 'There is nothing at this address'), request, reply);
    reply.header('Allow', allowed.join(', '));
    return sendError(new AppError('METHOD_NOT_ALLOWED', `${request.method} is not possible here`), request, reply);
  });
}

/** Answers with the error; also for failures before a route is found. */
export function sendError(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const shown = shownError(error);
  if (shown.status >= 500 && !isAbort(error)) {
    const line = { err: error, method: request.method, path: request.url.split('?')[0] };
    // 500 is a defect of the server; 502 to 507 are failures of the source, temporary states, or a full disk.
    if (shown.status === 500) request.log.error(line, 'request failed');
    else request.log.warn(line, 'request could not be served');
  }
  const retryAfter = shown.retryAfterSeconds ?? RETRY_AFTER_SECONDS.get(shown.code);
  if (retryAfter !== undefined) reply.header('Retry-After', retryAfter);
  // If the connection were closed while the client still sends, the client would not get the response. Node reads and drops the rest, within the
  // time limit of a request.
  if (shown.code === 'BODY_TOO_LARGE') reply.removeHeader('connection');
  return reply
    .code(shown.status)
    .header('Cache-Control', 'no-store')
    .type('application/json; charset=utf-8')
    .serializer(String)
    .send(errorBody(shown));
}

/** The JSON text of an error. */
export function errorBody({ message, code, hint }: AppError): string {
  return JSON.stringify({ error: message, code, hint });
}

function shownError(error: Error): AppError {
  if (error instanceof AppError) return error;
  if (isAbort(error)) return new AppError('NOT_READY', 'The request was given up');
  const known = 'code' in error && typeof error.code === 'string' ? FRAMEWORK_ERRORS.get(error.code) : undefined;
  if (known !== undefined) return known;
  if (isClientError(error)) return new AppError('BAD_REQUEST', 'The request could not be understood', { cause: error });
  return new AppError('INTERNAL', 'Something went wrong in the server', { cause: error });
}

function isClientError(error: Error): boolean {
  return (
    'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500
  );
}

/** The first violation of a schema, as a sentence that names the field. */
export function validationError(errors: FastifySchemaValidationError[], part: string): AppError {
  const first = errors[0];
  if (first === undefined) return new AppError('BAD_REQUEST', `The ${part} is not valid`);
  const field = first.instancePath.split('/').slice(1).join('.');
  const { requiredProperties: absent } = first.params;
  if (first.keyword === 'required' && Array.isArray(absent)) {
    const missing = [field, String(absent[0])].filter((name) => name !== '').join('.');
    return new AppError('BAD_REQUEST', `The field "${missing}" is missing`);
  }
  if (field === '')
    return new AppError('BAD_REQUEST', part === 'body' ? 'The body must be a JSON object' : `The ${part} is not valid`);
  return new AppError('BAD_REQUEST', `The field "${field}" ${rule(first)}`);
}

function rule(error: FastifySchemaValidationError): string {
  const allowed = error.params['allowedValues'];
  if (error.keyword === 'enum' && Array.isArray(allowed)) return `must be one of ${allowed.join(', ')}`;
  if (error.keyword === 'minLength') return 'must not be empty';
  if (error.keyword === 'maxLength') return 'is too long';
  return (error.message ?? 'is not valid')
    .replace('must be number', 'must be a number')
    .replace('must be string', 'must be a text')
    .replace('must be integer', 'must be a whole number');
}
