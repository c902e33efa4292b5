/**
 * The newest `capacity` entries of a few numeric columns, in typed arrays: what arrives a thousand times a
 * second must not become garbage. Index 0 is the newest entry.
 */
export interface Ring<Column extends string> extends ReadRing<Column> {
  push(entry: Readonly<Record<Column, number>>): void
  set(index: number, column: Column, value: number): void
  clear(): void
}

export interface ReadRing<Column extends string> {
  readonly length: number
  /** NaN beyond what is kept. */
  get(index: number, column: Column): number
}

export function createRing<Column extends string>(
  capacity: number,
  columns: readonly Column[],
): Ring<Column> {
  const values = new Map(columns.map(column => [column, new Float64Array(capacity)]))
  let next = 0
  let length = 0

  return {
    get length() {
      return length
    },
    push,
    get: (index, column) => (index < length ? (values.get(column)?.[slot(index)] ?? Number.NaN) : Number.NaN),
    set,
    clear,
  }

  function slot(index: number): number {
    return (next - 1 - index + 2 * capacity) % capacity
  }

  function push(entry: Readonly<Record<Column, number>>): void {
    for (const [column, array] of values) array[next] = entry[column]
    next = (next + 1) % capacity
    length = Math.min(length + 1, capacity)
  }

  function set(index: number, column: Column, value: number): void {
    const array = values.get(column)
    if (array !== undefined && index < length) array[slot(index)] = value
  }

  function clear(): void {
    next = 0
    length = 0
  }
}
