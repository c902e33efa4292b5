/** What all streams share: one request, one head, then units until the connection ends. */
import { type Hello, parseCursor } from '../../server/protocol/wire.ts'
import type { FleetTechnique, Reader, ReaderContext } from './fleet-technique.ts'
import { createFraming, type TakeUnit } from './framing.ts'
import { type HttpHead, readHttpHead } from './http-head.ts'

/** Reads one stream. `checkHead` throws where the head is not that of a stream. */
export function createStreamReader(
  context: ReaderContext,
  request: string,
  checkHead: (head: HttpHead) => void,
  takeUnit: TakeUnit,
): Reader {
  let inBody = false
  return {
    start: () => context.send(request),
    read: createFraming((bytes, start) => (inBody ? takeUnit(bytes, start) : takeHead(bytes, start))),
    pause() {},
    resume() {},
  }

  function takeHead(bytes: Buffer, start: number): number {
    const head = readHttpHead(bytes, start)
    if (head === null) return -1
    checkHead(head)
    inBody = true
    return head.end
  }
}

/** The head of a stream over HTTP, whose body ends with the connection. */
export function checkHttpStream({ status, contentLength, text }: HttpHead): void {
  if (status !== 200) throw new Error(`a stream was answered ${status}`)
  if (contentLength !== null || /\r\ntransfer-encoding:/i.test(text))
    throw new Error('the body of a stream does not last until the connection ends')
}

/** Tells the fleet the reader's place. */
export function takeHello(context: ReaderContext, { cursor, epoch }: Pick<Hello, 'cursor' | 'epoch'>): void {
  context.onPlace(parseCursor(cursor)?.seq ?? -1, epoch)
}

/** In a sound trial no stream declares a gap and none says goodbye. */
export function failOnControl(control: string): never {
  throw new Error(`a stream sent "${control}"`)
}

/** `findPayload` of a stream: the unit after the hello. `endOfUnit` returns −1 while a unit is not whole. */
export function findSecondUnit(
  endOfUnit: (bytes: Buffer, start: number) => number,
): FleetTechnique['findPayload'] {
  return (bytes, head) => {
    const start = endOfUnit(bytes, head.end)
    const end = start === -1 ? -1 : endOfUnit(bytes, start)
    return end === -1 ? null : { start, end }
  }
}
