/** The floor of the streams: a socket that is pushed to and only counts bytes (the fleet does that for all). */
import type { CreateReader } from './reader.ts'

export const createPlainReader: CreateReader = context => {
  let greeted = false
  return {
    start() {},
    read() {
      if (!greeted) context.onPlace(0, '')
      greeted = true
    },
    pause() {},
    resume() {},
  }
}
