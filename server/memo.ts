/** Values that are made once for each key, until there are too many or they are forgotten. */
export interface Memo<Key, Value> {
  /** Throws what making the value throws, and then remembers nothing. */
  of(key: Key): Value
  forget(): void
}

/** How much a memo holds. Clients may choose the keys, their number and their length. */
export interface MemoLimits<Key, Value> {
  readonly count: number
  readonly bytes: number
  /** About how many bytes it takes to remember this value. */
  readonly bytesOf: (key: Key, value: Value) => number
}

/** Beyond its limits it forgets everything. A value that is beyond them alone is made each time. */
export function createMemo<Key, Value>(
  make: (key: Key) => Value,
  limits: MemoLimits<Key, Value>,
): Memo<Key, Value> {
  const values = new Map<Key, Value>()
  let heldBytes = 0

  return { of, forget }

  function of(key: Key): Value {
    const known = values.get(key)
    if (known !== undefined) return known
    const value = make(key)
    const bytes = limits.bytesOf(key, value)
    if (bytes > limits.bytes) return value
    if (values.size >= limits.count || heldBytes + bytes > limits.bytes) forget()
    values.set(key, value)
    heldBytes += bytes
    return value
  }

  function forget(): void {
    values.clear()
    heldBytes = 0
  }
}
