/* The OpenAPI document as the tests read it: every operation with what is needed to call it as anybody, and checks of
   answers against the schemas. Answers are held to more than the document says: members that it does not name are
   refused, so that nothing goes out by accident. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type Answer, type Json, type JsonObject, isObject } from './client.ts';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: JsonObject;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  access: 'organization' | 'user' | 'public' | 'visitor';
  permission: string | undefined;
  keys: boolean;
  creates: boolean;
  tags: string[];
  parameters: Parameter[];
  /** Of the JSON body, resolved; undefined when it takes none. */
  body: JsonObject | undefined;
  bodyRequired: boolean;
  example: JsonObject | undefined;
  multipart: boolean;
  responses: JsonObject;
}

const methods = ['get', 'post', 'put', 'patch', 'delete'];

export class Document {
  readonly operations: Operation[] = [];
  private readonly ajv: Ajv2020;
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(readonly json: JsonObject) {
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(this.ajv);
    this.ajv.addFormat('phone', true);
    this.ajv.addFormat('binary', true);
    this.ajv.addFormat('int64', true);
    this.ajv.addSchema({ $id: 'doc', components: strict(json['components'] ?? {}) as JsonObject }, 'doc');
    for (const [path, item] of Object.entries(object(json['paths'])))
      for (const method of methods) {
        const operation = object(item)[method];
        if (isObject(operation)) this.operations.push(this.read(path, method, operation));
      }
  }

  static async load(base: string): Promise<Document> {
    const response = await fetch(`${base}/api/openapi.json`);
    return new Document((await response.json()) as JsonObject);
  }

  operation(id: string): Operation {
    const found = this.operations.find((one) => one.id === id);
    if (!found) throw new Error(`there is no operation ${id}`);
    return found;
  }

  /** Why the answer is not what the document promises; empty when it is. */
  faults(operation: Operation, answer: Answer): string[] {
    const documented = operation.responses[String(answer.status)] ?? (answer.status >= 500 ? operation.responses['default'] : undefined);
    if (documented === undefined) return [`status ${answer.status} is not documented: ${answer.text.slice(0, 300)}`];
    const response = object(this.resolve(documented));
    const faults: string[] = [];
    const codes = response['x-codes'];
    const code = isObject(answer.json) ? answer.json['code'] : undefined;
    // CHECK_FAILED stands for the code of the step that the answer names.
    const ofStep = Array.isArray(codes) && codes.includes('CHECK_FAILED') && typeof object(answer.json)['step'] === 'string' && typeof code === 'string';
    if (Array.isArray(codes) && !codes.includes(code ?? null) && !ofStep) faults.push(`code ${String(code)} of ${answer.status} is not documented`);
    const content = response['content'];
    if (content === undefined) {
      if (answer.text !== '') faults.push(`an answer where none is documented: ${answer.text.slice(0, 200)}`);
      return faults;
    }
    const media = object(content)['application/json'];
    if (media === undefined) return faults;
    const schema = object(media)['schema'];
    const validate = this.validator(`${operation.id} ${answer.status}`, schema ?? {});
    if (answer.json === undefined) faults.push(`no JSON: ${answer.text.slice(0, 200)}`);
    else if (!validate(answer.json))
      for (const error of (validate.errors ?? []).slice(0, 8))
        faults.push(`${error.instancePath || '/'} ${error.message ?? ''} ${JSON.stringify(error.params)}`);
    return faults;
  }

  private validator(key: string, schema: Json): ValidateFunction {
    let validate = this.compiled.get(key);
    if (!validate) {
      validate = this.ajv.compile(pointed(strict(schema)) as JsonObject);
      this.compiled.set(key, validate);
    }
    return validate;
  }

  /** Follows a $ref. */
  resolve(value: Json): Json {
    if (!isObject(value) || typeof value['$ref'] !== 'string') return value;
    let at: Json = this.json;
    for (const part of value['$ref'].slice(2).split('/')) at = object(at)[part] ?? null;
    return this.resolve(at);
  }

  private read(path: string, method: string, operation: JsonObject): Operation {
    const list = Array.isArray(operation['parameters']) ? operation['parameters'] : [];
    const parameters = list.map((one) => {
      const parameter = object(this.resolve(one));
      return {
        name: String(parameter['name']),
        in: parameter['in'] as Parameter['in'],
        required: parameter['required'] === true,
        schema: object(parameter['schema']),
      };
    });
    const content = object(object(operation['requestBody'] ?? {})['content'] ?? {});
    const json = content['application/json'];
    return {
      id: String(operation['operationId']),
      method: method.toUpperCase(),
      path,
      access: operation['x-access'] as Operation['access'],
      permission: typeof operation['x-permission'] === 'string' ? operation['x-permission'] : undefined,
      keys: operation['x-api-keys'] === true,
      creates: parameters.some((one) => one.name === 'Idempotency-Key'),
      tags: (operation['tags'] as string[] | undefined) ?? [],
      parameters,
      body: json === undefined ? undefined : object(this.resolve(object(json)['schema'] ?? {})),
      bodyRequired: object(operation['requestBody'] ?? {})['required'] === true,
      example: json === undefined ? undefined : (object(json)['example'] as JsonObject | undefined),
      multipart: content['multipart/form-data'] !== undefined,
      responses: object(operation['responses']),
    };
  }
}

export function object(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw new Error(`no object: ${JSON.stringify(value)}`);
  return value;
}

/** Objects with named members take no others. */
function strict(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(strict);
  if (!isObject(schema)) return schema;
  const copy: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) copy[key] = key === 'examples' || key === 'example' || key === 'enum' ? value : strict(value);
  if (isObject(copy['properties']) && copy['additionalProperties'] === undefined) copy['additionalProperties'] = false;
  return pointed(copy);
}

/** References inside the document, as ajv knows them. */
function pointed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(pointed);
  if (!isObject(schema)) return schema;
  const ref = schema['$ref'];
  if (typeof ref === 'string' && ref.startsWith('#/')) return { ...schema, $ref: `doc${ref}` };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, pointed(value)]));
}
