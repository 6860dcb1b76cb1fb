/** The few words of JSON Schema that the slices below need. */
export interface Schema {
  readonly type: readonly ('object' | 'array' | 'string' | 'integer' | 'boolean' | 'null')[];
  readonly format?: 'date-time' | 'uri';
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

const text: Schema = { type: ['string'] };
const time: Schema = { type: ['string'], format: 'date-time' };
const timeOrNull: Schema = { type: ['string', 'null'], format: 'date-time' };
const uri: Schema = { type: ['string'], format: 'uri' };
const integer: Schema = { type: ['integer'] };

/** github/rest-api-description: `key-simple`, the items of `users/list-public-keys-for-a-user`. */
export const githubKeys: Schema = {
  type: ['array'],
  items: {
    type: ['object'],
    required: ['id', 'key'],
    properties: { id: integer, key: text, created_at: time, last_used: timeOrNull },
  },
};

const urls = [
  'avatar_url',
  'url',
  'html_url',
  'subscriptions_url',
  'organizations_url',
  'repos_url',
  'received_events_url',
];
const templates = ['followers_url', 'following_url', 'gists_url', 'starred_url', 'events_url'];

/** github/rest-api-description: `simple-user`, the items of `teams/list-members-in-org`. */
export const githubMembers: Schema = {
  type: ['array'],
  items: {
    type: ['object'],
    required: ['id', 'login', 'node_id', 'gravatar_id', 'type', 'site_admin', ...urls, ...templates],
    properties: {
      id: integer,
      login: text,
      node_id: text,
      gravatar_id: { type: ['string', 'null'] },
      type: text,
      site_admin: { type: ['boolean'] },
      ...Object.fromEntries(urls.map((name) => [name, uri])),
      ...Object.fromEntries(templates.map((name) => [name, text])),
    },
  },
};

/** GitLab's OpenAPI description: `API_Entities_SSHKey`, of which it marks no field as required. */
export const gitlabKeys: Schema = {
  type: ['array'],
  items: {
    type: ['object'],
    required: ['id', 'key'],
    properties: {
      id: integer,
      title: text,
      created_at: time,
      expires_at: timeOrNull,
      last_used_at: timeOrNull,
      key: text,
      usage_type: { type: ['string'], enum: ['auth', 'signing', 'auth_and_signing'] },
    },
  },
};

/** Where `data` departs from `schema`, one line each; a property that the schema does not know is a departure too. */
export function departures(schema: Schema, data: unknown, path = '$'): string[] {
  if (!schema.type.some((type) => isOf(type, data))) return [`${path}: no ${schema.type.join(' or ')}`];
  if (Array.isArray(data))
    return data.flatMap((item, index) =>
      schema.items ? departures(schema.items, item, `${path}[${index}]`) : [],
    );
  if (typeof data === 'object' && data !== null) {
    const missing = (schema.required ?? []).filter((name) => !(name in data));
    return [
      ...missing.map((name) => `${path}.${name}: missing`),
      ...Object.entries(data).flatMap(([name, value]) => {
        const property = schema.properties?.[name];
        return property ? departures(property, value, `${path}.${name}`) : [`${path}.${name}: unknown`];
      }),
    ];
  }
  if (typeof data !== 'string') return [];
  const fits =
    (!schema.enum || schema.enum.includes(data)) &&
    (schema.format !== 'uri' || URL.canParse(data)) &&
    (schema.format !== 'date-time' || /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(data));
  return fits ? [] : [`${path}: ${JSON.stringify(data)}`];
}

function isOf(type: Schema['type'][number], data: unknown): boolean {
  switch (type) {
    case 'null':
      return data === null;
    case 'array':
      return Array.isArray(data);
    case 'integer':
      return Number.isInteger(data);
    case 'object':
      return typeof data === 'object' && data !== null && !Array.isArray(data);
    default:
      return typeof data === type;
  }
}
