/** One text that outlives the page. Where the storage is forbidden, it lasts as long as the page. */
export interface Stored {
  /** Whether it outlives the page. */
  readonly lasts: boolean
  read(): string | null
  write(text: string | null): void
}

/** @param kind for this tab until it is closed, or for this browser */
export function stored(kind: 'tab' | 'browser', key: string): Stored {
  let present: string | null = null
  let lasts = true
  attempt(storage => {
    present = storage.getItem(key)
  })

  return {
    get lasts() {
      return lasts
    },
    read: () => present,
    write,
  }

  function write(text: string | null): void {
    present = text
    attempt(storage => (text === null ? storage.removeItem(key) : storage.setItem(key, text)))
  }

  function attempt(use: (storage: Storage) => void): void {
    try {
      use(kind === 'tab' ? sessionStorage : localStorage)
    } catch {
      lasts = false
    }
  }
}
