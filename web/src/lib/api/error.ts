/* What a failed call looks like to the rest of the interface: the server's {error, code, requestId, details}, or a
   failure that never reached it (status 0: no network, cancelled, timed out). */

export interface FieldProblem {
  field: string;
  message: string;
  /** Stable, for words in the person's language. */
  code?: string | undefined;
}

export interface ApiErrorInit {
  status: number;
  code: string;
  message: string;
  details?: FieldProblem[] | undefined;
  requestId?: string | undefined;
  retryAfterSeconds?: number | undefined;
  body?: unknown;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: FieldProblem[];
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** The whole answer, for codes that carry more (a 409 names the row that exists). */
  readonly body: unknown;

  constructor(init: ApiErrorInit) {
    super(init.message);
    this.name = 'ApiError';
    this.status = init.status;
    this.code = init.code;
    this.details = init.details ?? [];
    this.requestId = init.requestId;
    this.retryAfterSeconds = init.retryAfterSeconds;
    this.body = init.body;
  }

  /** The problem of one field, for the text beside it. */
  field(name: string): string | undefined {
    return this.details.find((d) => d.field === name)?.message;
  }

  /** True when the same call may succeed later: no network, server restarting, too many requests. */
  get retryable(): boolean {
    return this.status === 0 ? this.code !== 'ABORTED' : this.status === 429 || this.status >= 502;
  }
}

/** Problems by field name, for forms: `const problems = fieldProblems(e)`; `<Field error={problems.email}>`. */
export function fieldProblems(error: unknown): Record<string, string> {
  const out: Record<string, string> = {};
  if (error instanceof ApiError) for (const d of error.details) out[d.field] ??= d.message;
  return out;
}

export function isAborted(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'ABORTED';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function problems(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).flatMap((d) => {
    const field = text(d['field']);
    return field ? [{ field, message: text(d['message']) ?? '', code: text(d['code']) }] : [];
  });
}

/** Reads an error answer; a body that is not ours (a proxy's page) still gives an error with its status. */
export function errorFrom(status: number, body: unknown, header: (name: string) => string | null): ApiError {
  const b = isRecord(body) ? body : {};
  const nested = isRecord(b['error']) ? b['error'] : {};
  const retry = Number(header('Retry-After'));
  return new ApiError({
    status,
    code: text(b['code']) ?? text(nested['code']) ?? `HTTP_${status}`,
    message: text(b['error']) ?? text(b['message']) ?? text(nested['message']) ?? `HTTP ${status}`,
    details: problems(b['details'] ?? nested['details']),
    requestId: text(b['requestId']) ?? header('X-Request-Id') ?? undefined,
    retryAfterSeconds: Number.isFinite(retry) && retry > 0 ? retry : undefined,
    body,
  });
}
