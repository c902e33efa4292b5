const UNITS: readonly (readonly [RegExp, string])[] = [
  [/Ms$/, ' ms'],
  [/Seconds$/, ' s'],
  [/PerSecond$/, '/s'],
  [/Bytes$/, ' B'],
  [/GB$/, ' GB'],
]

const NONE = 'none'

/** `pollIntervalMs` and 197 → `poll interval` and `197 ms`: the names in a run carry their units. */
export function inWords(name: string, value: unknown): readonly [name: string, value: string] {
  const [pattern, unit] = UNITS.find(([ending]) => ending.test(name)) ?? [/$/, '']
  // A name with other signs in it is a package's.
  const words = /^[a-zA-Z0-9]+$/.test(name)
    ? name
        .replace(pattern, '')
        .replace(/([a-z])([A-Z])/g, '$1 $2')
        .toLowerCase()
    : name
  return [words, value === null ? NONE : `${sayValue(value)}${unit}`]
}

function sayValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.map(sayValue).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
