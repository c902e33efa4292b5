import { type Fact, RUN_SCHEMA, type Run } from '../../server/protocol/run.ts'

/** What was read as JSON, as a run of this schema; or why it is none. Code that reads a run relies on what is checked here. */
export function asRun(read: unknown): { readonly run: Run } | { readonly refused: Fact } {
  if (!isObject(read)) return { refused: { code: 'not-an-object', params: {} } }
  const { schema, provenance } = read
  if (schema !== RUN_SCHEMA) {
    const commit = isObject(provenance) ? provenance['commit'] : null
    const params = {
      schema: typeof schema === 'number' ? schema : null,
      reads: RUN_SCHEMA,
      commit: typeof commit === 'string' ? commit : null,
    }
    return { refused: { code: 'other-schema', params } }
  }
  const member = Object.keys(KINDS).find(name => KINDS[name]?.(read[name]) !== true)
  if (member !== undefined) return { refused: { code: 'odd-member', params: { member } } }
  return { run: read as unknown as Run }
}

const isText = (value: unknown) => typeof value === 'string'
const isFact = (value: unknown) => isObject(value) && isText(value['code']) && isObject(value['params'])
/** What each row of a list is known by. */
const isRow = (value: unknown) => isObject(value) && isText(value['scenario']) && isText(value['arm'])
const listOf = (is: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(is)

const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  id: isText,
  startedAt: isText,
  tier: isText,
  complete: value => typeof value === 'boolean',
  provenance: isObject,
  caveats: listOf(isFact),
  metrics: isObject,
  scenarios: listOf(isText),
  summary: listOf(row => isRow(row) && listOf(isFact)((row as { reasons: unknown }).reasons)),
  comparisons: listOf(isRow),
  bands: listOf(isRow),
  trials: listOf(isRow),
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
