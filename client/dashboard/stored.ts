/** One text that outlives the page, in a storage that may be forbidden; then it lasts as long as the page. */
export interface Stored {
  read(): string | null
  write(text: string | null): void
}

/** @param kind for this tab until it is closed, or for this browser */
export function stored(kind: 'tab' | 'browser', key: string): Stored {
  let present: string | null = null
  try {
    present = storage().getItem(key)
  } catch {}

  return { read: () => present, write }

  function write(text: string | null): void {
    present = text
    try {
      if (text === null) storage().removeItem(key)
      else storage().setItem(key, text)
    } catch {}
  }

  function storage(): Storage {
    return kind === 'tab' ? sessionStorage : localStorage
  }
}
